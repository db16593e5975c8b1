package workstation

import (
	"context"
	"errors"

	"postecpx/internal/diagnostic"
)

// usbDevices asks the I/O registry, which answers at once and knows the
// interfaces, and where it gives nothing the system profiler.
func usbDevices(ctx context.Context) ([]diagnostic.USBDevice, error) {
	of := func(class string) ([]byte, error) {
		return command(ctx, 8*maxOutput, "ioreg", "-a", "-r", "-d", "1", "-c", class)
	}
	devices, err := of("IOUSBHostDevice")
	if err == nil {
		var interfaces []byte
		if interfaces, err = of("IOUSBHostInterface"); err == nil {
			var found []diagnostic.USBDevice
			if found, err = parseIORegUSB(devices, interfaces); err == nil && len(found) > 0 {
				return found, nil
			}
		}
	}
	text, profilerErr := command(ctx, 8*maxOutput, "system_profiler", "-json", "SPUSBDataType", "SPUSBHostDataType")
	if profilerErr != nil {
		return nil, errors.Join(err, profilerErr)
	}
	return parseSystemProfilerUSB(text)
}
