package workstation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"postecpx/internal/diagnostic"
)

func usbDevices(ctx context.Context) ([]diagnostic.USBDevice, error) {
	return within(ctx, func() ([]diagnostic.USBDevice, error) { return readSysfs(ctx, "/sys/bus/usb/devices") })
}

// readSysfs reads the folder where Linux keeps its USB devices and, named with
// a colon, their interfaces: Documentation/ABI/testing/sysfs-bus-usb.
func readSysfs(ctx context.Context, root string) ([]diagnostic.USBDevice, error) {
	dir, err := os.Open(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the system has no USB: %w", errors.ErrUnsupported)
	}
	if err != nil {
		return nil, err
	}
	names, err := dir.Readdirnames(16 * maxUSB)
	dir.Close()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	slices.Sort(names)
	found := []diagnostic.USBDevice{}
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if strings.Contains(name, ":") || strings.HasPrefix(name, "usb") || len(found) >= maxUSB {
			continue // an interface; a root hub, that is in the machine
		}
		folder := filepath.Join(root, name)
		vendor, err := hexOf(folder, "idVendor", 16)
		if err != nil {
			continue // unplugged meanwhile
		}
		product, err := hexOf(folder, "idProduct", 16)
		if err != nil {
			continue
		}
		d := diagnostic.USBDevice{Vendor: uint16(vendor), Product: uint16(product), Manufacturer: attribute(folder, "manufacturer"),
			Name: attribute(folder, "product"), Serial: attribute(folder, "serial"), Suspends: suspends(folder)}
		for _, part := range names {
			if !strings.HasPrefix(part, name+":") {
				continue
			}
			class, err := hexOf(filepath.Join(root, part), "bInterfaceClass", 8)
			if err != nil {
				continue
			}
			d.Classes = addClass(d.Classes, uint8(class))
			// pcscd drives readers through usbfs. A driver of the kernel that has
			// taken one (pn533_usb does) keeps it from pcscd.
			driver, err := os.Readlink(filepath.Join(root, part, "driver"))
			if driver = filepath.Base(driver); err == nil && class == diagnostic.CCID && driver != "usbfs" {
				d.Driver = driver
			}
		}
		found = append(found, d)
	}
	return found, nil
}

// suspends tells whether Linux switches the device off when nobody uses it.
func suspends(folder string) bool {
	if attribute(folder, "power/control") != "auto" {
		return false
	}
	delay, err := strconv.Atoi(attribute(folder, "power/autosuspend_delay_ms"))
	return err != nil || delay >= 0 // a negative one means never
}

// attribute reads a file of sysfs, "" when it is not there.
func attribute(folder, name string) string {
	text, err := readHead(filepath.Join(folder, name), 4<<10)
	if err != nil {
		return ""
	}
	return clean(string(text))
}

func hexOf(folder, name string, bits int) (uint64, error) {
	return strconv.ParseUint(attribute(folder, name), 16, bits)
}
