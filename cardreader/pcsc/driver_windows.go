package pcsc

import (
	"errors"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	pcscLite = false
	notifies = true
)

// winscard is loaded from the system folder only: a program that is run from
// the downloads folder must not load a library that lies beside it.
var (
	winscard = windows.NewLazySystemDLL("winscard.dll")

	procEstablish   = winscard.NewProc("SCardEstablishContext")
	procRelease     = winscard.NewProc("SCardReleaseContext")
	procCancel      = winscard.NewProc("SCardCancel")
	procListReaders = winscard.NewProc("SCardListReadersW")
	procStatusWait  = winscard.NewProc("SCardGetStatusChangeW")
	procConnect     = winscard.NewProc("SCardConnectW")
	procReconnect   = winscard.NewProc("SCardReconnect")
	procDisconnect  = winscard.NewProc("SCardDisconnect")
	procStatus      = winscard.NewProc("SCardStatusW")
	procBegin       = winscard.NewProc("SCardBeginTransaction")
	procEnd         = winscard.NewProc("SCardEndTransaction")
	procTransmit    = winscard.NewProc("SCardTransmit")
)

// Values of winscard.h.
const (
	scopeSystem  = 2
	shareShared  = 2
	protocolT0   = 1
	protocolT1   = 2
	leaveCard    = 0
	resetCard    = 1
	waitInfinite = 0xFFFFFFFF
)

// result makes an error of what a function of winscard returned.
func result(r uintptr) error {
	if uint32(r) == 0 {
		return nil
	}
	return code(uint32(r))
}

func systemDriver() driver { return winscardDriver{} }

type winscardDriver struct{}

func (winscardDriver) establish() (session, error) {
	if err := winscard.Load(); err != nil {
		return nil, &Error{Op: opEstablish, Kind: ErrService, Err: err}
	}
	var context uintptr
	r, _, _ := procEstablish.Call(scopeSystem, 0, 0, uintptr(unsafe.Pointer(&context)))
	if err := result(r); err != nil {
		return nil, err
	}
	return winscardSession(context), nil
}

// dormant: Windows starts its service with the first reader and stops it with
// the last. A service that is stopped but may be started waits for a reader.
func (winscardDriver) dormant() bool {
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return false
	}
	defer windows.CloseServiceHandle(manager)
	name, err := windows.UTF16PtrFromString("SCardSvr")
	if err != nil {
		return false
	}
	service, err := windows.OpenService(manager, name, windows.SERVICE_QUERY_STATUS|windows.SERVICE_QUERY_CONFIG)
	if err != nil {
		return false
	}
	defer windows.CloseServiceHandle(service)
	var status windows.SERVICE_STATUS
	if windows.QueryServiceStatus(service, &status) != nil || status.CurrentState != windows.SERVICE_STOPPED {
		return false
	}
	start, err := startType(service)
	return err == nil && start != windows.SERVICE_DISABLED
}

// startType reads how the service is started. Its configuration is a structure
// followed by strings of any length.
func startType(service windows.Handle) (uint32, error) {
	size := uint32(8 << 10) // the largest that Windows documents
	buffer := make([]uint64, size/8)
	config := (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&buffer[0]))
	if err := windows.QueryServiceConfig(service, config, size, &size); err != nil {
		return 0, err
	}
	return config.StartType, nil
}

type winscardSession uintptr

func (s winscardSession) release() error {
	r, _, _ := procRelease.Call(uintptr(s))
	return result(r)
}

func (s winscardSession) cancel() error {
	r, _, _ := procCancel.Call(uintptr(s))
	return result(r)
}

// listTries bounds a list that grows between the two calls that read it.
const listTries = 3

func (s winscardSession) list() (names []string, err error) {
	for range listTries {
		if names, err = s.listOnce(); !errors.Is(err, codeBuffer) {
			break
		}
	}
	if errors.Is(err, codeNoReaders) {
		return nil, nil
	}
	return names, err
}

func (s winscardSession) listOnce() ([]string, error) {
	var length uint32 // in characters
	r, _, _ := procListReaders.Call(uintptr(s), 0, 0, uintptr(unsafe.Pointer(&length)))
	if err := result(r); err != nil || length == 0 {
		return nil, err
	}
	buffer := make([]uint16, length)
	r, _, _ = procListReaders.Call(uintptr(s), 0, uintptr(unsafe.Pointer(&buffer[0])), uintptr(unsafe.Pointer(&length)))
	if err := result(r); err != nil {
		return nil, err
	}
	return multiString(buffer[:min(int(length), len(buffer))]), nil
}

// multiString splits strings that each end with a zero, the last with two.
func multiString(buffer []uint16) []string {
	var all []string
	for start, i := 0, 0; i < len(buffer); i++ {
		if buffer[i] != 0 {
			continue
		}
		if i == start {
			break
		}
		all = append(all, syscall.UTF16ToString(buffer[start:i]))
		start = i + 1
	}
	return all
}

// readerState is SCARD_READERSTATEW. The name is a Go pointer, which keeps it
// alive as long as the structure.
type readerState struct {
	reader   *uint16
	userData uintptr
	current  uint32
	event    uint32
	atrSize  uint32
	atr      [36]byte
}

func (s winscardSession) wait(states []state, limit time.Duration) error {
	if len(states) == 0 {
		return errors.New("no reader to wait for")
	}
	sys := make([]readerState, len(states))
	for i, st := range states {
		name, err := windows.UTF16PtrFromString(st.reader)
		if err != nil {
			return err
		}
		sys[i] = readerState{reader: name, current: uint32(st.current)}
	}
	timeout := uint32(waitInfinite)
	if limit >= 0 {
		timeout = uint32(limit / time.Millisecond)
	}
	r, _, _ := procStatusWait.Call(uintptr(s), uintptr(timeout), uintptr(unsafe.Pointer(&sys[0])), uintptr(len(sys)))
	runtime.KeepAlive(sys)
	if err := result(r); err != nil {
		return err
	}
	for i := range states {
		size := min(int(sys[i].atrSize), maxATR)
		states[i].event, states[i].atr = flags(sys[i].event), append([]byte(nil), sys[i].atr[:size]...)
	}
	return nil
}

func (s winscardSession) connect(reader string) (handle, error) {
	name, err := windows.UTF16PtrFromString(reader)
	if err != nil {
		return nil, err
	}
	h := &winscardHandle{}
	r, _, _ := procConnect.Call(uintptr(s), uintptr(unsafe.Pointer(name)), shareShared, protocolT0|protocolT1,
		uintptr(unsafe.Pointer(&h.card)), uintptr(unsafe.Pointer(&h.protocol)))
	if err := result(r); err != nil {
		return nil, err
	}
	return h, nil
}

type winscardHandle struct {
	card     uintptr
	protocol uint32
}

func (h *winscardHandle) status() ([]byte, error) {
	var state, protocol uint32
	var atr [36]byte
	size := uint32(len(atr))
	r, _, _ := procStatus.Call(h.card, 0, 0, uintptr(unsafe.Pointer(&state)), uintptr(unsafe.Pointer(&protocol)),
		uintptr(unsafe.Pointer(&atr[0])), uintptr(unsafe.Pointer(&size)))
	if err := result(r); err != nil {
		return nil, err
	}
	return append([]byte(nil), atr[:min(int(size), maxATR)]...), nil
}

func (h *winscardHandle) begin() error {
	r, _, _ := procBegin.Call(h.card)
	return result(r)
}

func (h *winscardHandle) end() error {
	r, _, _ := procEnd.Call(h.card, leaveCard)
	return result(r)
}

// ioRequest is SCARD_IO_REQUEST.
type ioRequest struct{ protocol, length uint32 }

func (h *winscardHandle) transmit(command []byte) ([]byte, error) {
	if len(command) == 0 {
		return nil, errors.New("empty command")
	}
	request := ioRequest{protocol: h.protocol, length: uint32(unsafe.Sizeof(ioRequest{}))}
	response := make([]byte, 64<<10+minResponse)
	size := uint32(len(response))
	r, _, _ := procTransmit.Call(h.card, uintptr(unsafe.Pointer(&request)),
		uintptr(unsafe.Pointer(&command[0])), uintptr(len(command)), 0,
		uintptr(unsafe.Pointer(&response[0])), uintptr(unsafe.Pointer(&size)))
	if err := result(r); err != nil {
		return nil, err
	}
	return response[:min(int(size), len(response))], nil
}

func (h *winscardHandle) reconnect() error {
	r, _, _ := procReconnect.Call(h.card, shareShared, protocolT0|protocolT1, leaveCard, uintptr(unsafe.Pointer(&h.protocol)))
	return result(r)
}

func (h *winscardHandle) disconnect(reset bool) error {
	disposition := uintptr(leaveCard)
	if reset {
		disposition = resetCard
	}
	r, _, _ := procDisconnect.Call(h.card, disposition)
	return result(r)
}
