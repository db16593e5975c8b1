package workstation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"postecpx/internal/diagnostic"
)

// systemStores are the names of the stores of Windows: those of the machine as
// it sees them whole, with what group policies put there.
var systemStores = map[diagnostic.Store]struct {
	where uint32
	name  string
}{
	diagnostic.Roots:         {windows.CERT_SYSTEM_STORE_LOCAL_MACHINE, "ROOT"},
	diagnostic.Intermediates: {windows.CERT_SYSTEM_STORE_LOCAL_MACHINE, "CA"},
	diagnostic.Personal:      {windows.CERT_SYSTEM_STORE_CURRENT_USER, "MY"},
}

func (w *Workstation) certificates(ctx context.Context, store diagnostic.Store) ([][]byte, error) {
	wanted := systemStores[store]
	return within(ctx, func() (all [][]byte, err error) {
		name, err := windows.UTF16PtrFromString(wanted.name)
		if err != nil {
			return nil, err
		}
		handle, err := windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM, 0, 0,
			wanted.where|windows.CERT_STORE_READONLY_FLAG|windows.CERT_STORE_OPEN_EXISTING_FLAG, uintptr(unsafe.Pointer(name)))
		runtime.KeepAlive(name)
		if err != nil {
			return nil, err
		}
		defer windows.CertCloseStore(handle, 0)
		all = [][]byte{}
		var at *windows.CertContext
		for {
			// It frees the one before, and says by an error that there are no more.
			at, err = windows.CertEnumCertificatesInStore(handle, at)
			if at == nil {
				if err == nil || errors.Is(err, syscall.Errno(windows.CRYPT_E_NOT_FOUND)) || errors.Is(err, windows.ERROR_NO_MORE_FILES) {
					return all, nil
				}
				return all, err
			}
			if ctx.Err() != nil || len(all) == maxCertificates {
				_ = windows.CertFreeCertificateContext(at)
				if ctx.Err() != nil {
					return nil, context.Cause(ctx)
				}
				return all, fmt.Errorf("more than %d certificates", maxCertificates)
			}
			if at.Length > 0 && at.Length <= maxCertificate {
				all = append(all, bytes.Clone(unsafe.Slice(at.EncodedCert, at.Length)))
			}
		}
	})
}
