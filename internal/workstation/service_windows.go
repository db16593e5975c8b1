package workstation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"unsafe"

	"golang.org/x/sys/windows"

	"postecpx/internal/diagnostic"
)

// service asks the service manager with no more rights than every user has.
func service(ctx context.Context, name string) (diagnostic.Service, error) {
	return within(ctx, func() (diagnostic.Service, error) {
		wide, err := windows.UTF16PtrFromString(name)
		if err != nil {
			return diagnostic.Service{}, err
		}
		manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
		if err != nil {
			return diagnostic.Service{}, fmt.Errorf("service manager: %w", err)
		}
		defer windows.CloseServiceHandle(manager)
		handle, err := windows.OpenService(manager, wide, windows.SERVICE_QUERY_STATUS|windows.SERVICE_QUERY_CONFIG)
		if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) || errors.Is(err, windows.ERROR_INVALID_NAME) {
			return diagnostic.Service{}, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
		}
		if err != nil {
			return diagnostic.Service{}, err
		}
		defer windows.CloseServiceHandle(handle)
		var status windows.SERVICE_STATUS
		if err := windows.QueryServiceStatus(handle, &status); err != nil {
			return diagnostic.Service{}, err
		}
		start := uint32(windows.SERVICE_NO_CHANGE) // unknown
		config, err := answer(func(b *byte, size uint32, needed *uint32) error {
			return windows.QueryServiceConfig(handle, (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(b)), size, needed)
		})
		if err == nil {
			start = (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&config[0])).StartType
		}
		return windowsService(start, status.CurrentState, flag(handle, windows.SERVICE_CONFIG_DELAYED_AUTO_START_INFO),
			flag(handle, windows.SERVICE_CONFIG_TRIGGER_INFO)), nil
	})
}

// flag tells whether a second configuration begins with a number that is not
// zero: SERVICE_DELAYED_AUTO_START_INFO is one, and SERVICE_TRIGGER_INFO begins
// with how many triggers there are.
func flag(service windows.Handle, level uint32) bool {
	info, err := answer(func(b *byte, size uint32, needed *uint32) error {
		return windows.QueryServiceConfig2(service, level, b, size, needed)
	})
	return err == nil && *(*uint32)(unsafe.Pointer(&info[0])) != 0
}

// maxAnswer is the most that the service manager gives: 8 KiB by its
// documentation.
const maxAnswer = 8 << 10

// answer asks a function of Windows that fills a buffer. The buffer is aligned
// as what holds pointers must be.
func answer(ask func(b *byte, size uint32, needed *uint32) error) ([]byte, error) {
	words := make([]uint64, maxAnswer/8)
	buffer := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), maxAnswer)
	var needed uint32
	return buffer, ask(&buffer[0], maxAnswer, &needed)
}
