package workstation

import (
	"context"
	"encoding/binary"
	"errors"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"postecpx/internal/diagnostic"
)

var (
	// devicePropertyParent is DEVPKEY_Device_Parent.
	devicePropertyParent = windows.DEVPROPKEY{
		FmtID: windows.DEVPROPGUID{Data1: 0x4340a6c5, Data2: 0x93fa, Data3: 0x4706, Data4: [8]byte{0x97, 0x2c, 0x7b, 0x64, 0x80, 0x08, 0xa5, 0xa7}},
		PID:   8,
	}
	// devicePropertyOwnName is DEVPKEY_Device_BusReportedDeviceDesc: what the
	// device calls itself, where Windows has a name of its own.
	devicePropertyOwnName = windows.DEVPROPKEY{
		FmtID: windows.DEVPROPGUID{Data1: 0x540b947e, Data2: 0x8b40, Data3: 0x45bc, Data4: [8]byte{0xa8, 0xa2, 0x6a, 0x0b, 0x89, 0x4c, 0xbd, 0xa2}},
		PID:   4,
	}
)

func usbDevices(ctx context.Context) ([]diagnostic.USBDevice, error) {
	return within(ctx, func() ([]diagnostic.USBDevice, error) {
		// The enumerator's name keeps out all that is not on the bus.
		set, err := windows.SetupDiGetClassDevsEx(nil, "USB", 0, windows.DIGCF_PRESENT|windows.DIGCF_ALLCLASSES, 0, "")
		if err != nil {
			return nil, err
		}
		defer set.Close()
		var nodes []usbNode
		for i := range 16 * maxUSB {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			device, err := set.EnumDeviceInfo(i)
			if errors.Is(err, windows.ERROR_NO_MORE_ITEMS) {
				break
			}
			if err != nil {
				continue // unplugged meanwhile
			}
			if n, ok := readNode(set, device); ok {
				nodes = append(nodes, n)
			}
		}
		return windowsUSB(nodes), nil
	})
}

func readNode(set windows.DevInfo, device *windows.DevInfoData) (usbNode, bool) {
	id, err := set.DeviceInstanceID(device)
	if err != nil {
		return usbNode{}, false
	}
	text := func(property windows.SPDRP) string {
		value, err := set.DeviceRegistryProperty(device, property)
		if err != nil {
			return "" // it has none
		}
		s, _ := value.(string)
		return s
	}
	n := usbNode{id: id, maker: text(windows.SPDRP_MFG), service: text(windows.SPDRP_SERVICE), suspends: mayIdle(id)}
	if value, err := windows.SetupDiGetDeviceProperty(set, device, &devicePropertyOwnName); err == nil {
		n.name, _ = value.(string)
	}
	for _, property := range []windows.SPDRP{windows.SPDRP_FRIENDLYNAME, windows.SPDRP_DEVICEDESC} {
		if n.name == "" {
			n.name = text(property)
		}
	}
	if value, err := windows.SetupDiGetDeviceProperty(set, device, &devicePropertyParent); err == nil {
		n.parent, _ = value.(string)
	}
	if value, err := set.DeviceRegistryProperty(device, windows.SPDRP_COMPATIBLEIDS); err == nil {
		n.compatible, _ = value.([]string)
	}
	var status, problem uint32
	if windows.CM_Get_DevNode_Status(&status, &problem, device.DevInst, 0) == nil && status&windows.DN_HAS_PROBLEM != 0 {
		n.problem = int(problem)
	}
	return n, true
}

// mayIdle tells whether Windows may switch a device off to save power: the
// person's choice in the device manager first, else what its driver set.
func mayIdle(id string) bool {
	key := `SYSTEM\CurrentControlSet\Enum\` + id + `\Device Parameters`
	if chosen, ok := registryNumber(registry.LOCAL_MACHINE, key+`\WDF`, "IdleInWorkingState"); ok {
		return chosen != 0
	}
	for _, name := range []string{"SelectiveSuspendEnabled", "EnhancedPowerManagementEnabled", "DeviceIdleEnabled"} {
		if set, ok := registryNumber(registry.LOCAL_MACHINE, key, name); ok && set != 0 {
			return true
		}
	}
	return false
}

// registryNumber reads a number, that some drivers keep as bytes.
func registryNumber(root registry.Key, path, name string) (uint64, bool) {
	key, err := registry.OpenKey(root, path, registry.QUERY_VALUE|registry.WOW64_64KEY)
	if err != nil {
		return 0, false
	}
	defer key.Close()
	if n, _, err := key.GetIntegerValue(name); err == nil {
		return n, true
	}
	bytes, _, err := key.GetBinaryValue(name)
	if err != nil || len(bytes) == 0 || len(bytes) > 8 {
		return 0, false
	}
	return binary.LittleEndian.Uint64(append(bytes, make([]byte, 8-len(bytes))...)), true
}
