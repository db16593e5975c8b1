package workstation

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postecpx/internal/diagnostic"
)

const ioregHead = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<array>`

func TestIOReg(t *testing.T) {
	devices := ioregHead + `
	<dict>
		<key>IORegistryEntryName</key><string>EMV Smartcard Reader</string>
		<key>USB Product Name</key><string>EMV Smartcard Reader</string>
		<key>USB Vendor Name</key><string>Generic</string>
		<key>kUSBSerialNumberString</key><string>000123</string>
		<key>idVendor</key><integer>1839</integer>
		<key>idProduct</key><integer>37068</integer>
		<key>locationID</key><integer>17825792</integer>
		<key>IOPowerManagement</key><dict><key>CurrentPowerState</key><integer>2</integer></dict>
		<key>sessionID</key><integer>18446744073709551</integer>
		<key>Non-removable</key><false/>
		<key>Port</key><data>AQAAAA==</data>
	</dict>
	<dict>
		<key>USB Product Name</key><string>Second</string>
		<key>idVendor</key><integer>1839</integer>
		<key>idProduct</key><integer>37068</integer>
		<key>locationID</key><integer>2</integer>
	</dict>
	<dict><key>locationID</key><integer>9</integer></dict>
</array></plist>`
	interfaces := ioregHead + `
	<dict><key>bInterfaceClass</key><integer>11</integer><key>idVendor</key><integer>1839</integer><key>idProduct</key><integer>37068</integer><key>locationID</key><integer>17825792</integer></dict>
	<dict><key>bInterfaceClass</key><integer>3</integer><key>idVendor</key><integer>1839</integer><key>idProduct</key><integer>37068</integer><key>locationID</key><integer>17825792</integer></dict>
	<dict><key>bInterfaceClass</key><integer>11</integer><key>idVendor</key><integer>1839</integer><key>idProduct</key><integer>37068</integer><key>locationID</key><integer>17825792</integer></dict>
</array></plist>`
	want := []diagnostic.USBDevice{
		{Vendor: 0x072F, Product: 0x90CC, Manufacturer: "Generic", Name: "EMV Smartcard Reader", Serial: "000123", Classes: []uint8{diagnostic.CCID, 3}},
		{Vendor: 0x072F, Product: 0x90CC, Name: "Second"},
	}
	got, err := parseIORegUSB([]byte(devices), []byte(interfaces))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if got, err := parseIORegUSB(nil, []byte("\n")); err != nil || len(got) != 0 {
		t.Error("nothing plugged in:", got, err)
	}
	for _, text := range []string{"no list", "<plist><dict/></plist>", strings.TrimSuffix(devices, "</array></plist>"), "bplist00"} {
		if _, err := parseIORegUSB([]byte(text), nil); err == nil {
			t.Errorf("%.20q: no error", text)
		}
	}
}

func TestSystemProfiler(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []diagnostic.USBDevice
	}{
		"up to macOS 15": {`{"SPUSBDataType": [{"_name": "USB31Bus", "host_controller": "AppleT8103USBXHCI", "_items": [
			{"_name": "USB2.0 Hub", "vendor_id": "0x05e3  (Genesys Logic, Inc.)", "product_id": "0x0610", "manufacturer": "GenesysLogic", "_items": [
				{"_name": "CCID Reader", "vendor_id": "0x072f  (Advanced Card Systems Ltd.)", "product_id": "0x90cc", "manufacturer": "ACS", "serial_num": "A1"}]},
			{"_name": "Keyboard", "vendor_id": "apple_vendor_id", "product_id": "0x0250"}]}], "SPUSBHostDataType": []}`,
			[]diagnostic.USBDevice{
				{Vendor: 0x05E3, Product: 0x0610, Name: "USB2.0 Hub", Manufacturer: "GenesysLogic"},
				{Vendor: 0x072F, Product: 0x90CC, Name: "CCID Reader", Manufacturer: "ACS", Serial: "A1"},
				{Vendor: 0x05AC, Product: 0x0250, Name: "Keyboard"},
			}},
		"from macOS 26 on": {`{"SPUSBHostDataType": [{"_name": "USB 3.1 Bus", "Driver": "AppleT8142USBXHCI", "_items": [
			{"_name": "EMV Smartcard Reader", "USBDeviceKeyVendorID": "0x072f", "USBDeviceKeyProductID": "0x90cc", "USBDeviceKeySerialNumber": "Not Provided", "USBDeviceKeyVendorName": "Generic", "USBKeyLocationID": "0x01100000"}]}]}`,
			[]diagnostic.USBDevice{{Vendor: 0x072F, Product: 0x90CC, Name: "EMV Smartcard Reader", Manufacturer: "Generic"}}},
		"nothing": {`{"SPUSBDataType": []}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseSystemProfilerUSB([]byte(c.text))
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
	if _, err := parseSystemProfilerUSB([]byte("{")); err == nil {
		t.Error("no JSON: no error")
	}
}

func TestWindowsUSB(t *testing.T) {
	nodes := []usbNode{
		{id: `USB\ROOT_HUB30\4&1`, name: "Root hub"},
		{id: `USB\VID_072F&PID_90CC\6&2F5A&0&1`, maker: "Microsoft", name: "EMV Smartcard Reader", service: "WUDFRd", suspends: true,
			compatible: []string{`USB\Class_0B&SubClass_00&Prot_00`, `USB\Class_0B&SubClass_00`, `USB\Class_0B`}},
		{id: `USB\VID_04E6&PID_5116\1234567`, name: "Composite", service: "usbccgp", compatible: []string{`USB\DevClass_00&SubClass_00&Prot_00`, `USB\COMPOSITE`}},
		{id: `USB\VID_04E6&PID_5116&MI_00\7&1&0&0000`, parent: `USB\Vid_04E6&Pid_5116\1234567`, problem: 28, compatible: []string{`USB\Class_0b&SubClass_00&Prot_00`}},
		{id: `USB\VID_04E6&PID_5116&MI_01\7&1&0&0001`, parent: `USB\VID_04E6&PID_5116\1234567`, service: "HidUsb", compatible: []string{`USB\Class_03`}},
		{id: `USB\VID_1111&PID_2222&MI_00\7&9`, parent: `USB\VID_1111&PID_2222\gone`, compatible: []string{`USB\Class_0B`}},
		{id: `HID\VID_1111&PID_2222\7`},
		{id: `USB\VID_XXXX&PID_2222\7`},
	}
	want := []diagnostic.USBDevice{
		{Vendor: 0x072F, Product: 0x90CC, Manufacturer: "Microsoft", Name: "EMV Smartcard Reader", Driver: "WUDFRd", Classes: []uint8{diagnostic.CCID}, Suspends: true},
		{Vendor: 0x04E6, Product: 0x5116, Name: "Composite", Serial: "1234567", Classes: []uint8{diagnostic.CCID, 3}, Problem: 28},
	}
	if diff := cmp.Diff(want, windowsUSB(nodes)); diff != "" {
		t.Error(diff)
	}
}

func TestPlistBounds(t *testing.T) {
	for name, text := range map[string]string{
		"deep":              "<plist>" + strings.Repeat("<array>", 1000) + strings.Repeat("</array>", 1000) + "</plist>",
		"wide":              "<plist><array>" + strings.Repeat("<true/>", maxPlistValues+1) + "</array></plist>",
		"unknown element":   "<plist><dict><key>a</key><script/></dict></plist>",
		"a key alone":       "<plist><dict><key>a</key></dict></plist>",
		"a value alone":     "<plist><dict><string>a</string></dict></plist>",
		"no number":         "<plist><integer>x</integer></plist>",
		"an entity":         `<!DOCTYPE plist [<!ENTITY a "aaaa">]><plist><string>&a;</string></plist>`,
		"nothing":           "",
		"only its root":     "<plist></plist>",
		"ends in the midst": "<plist><array><string>a",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := parsePlist([]byte(text)); err == nil {
				t.Errorf("no error, but %v", got)
			}
		})
	}
}

func FuzzPlist(f *testing.F) {
	f.Add([]byte(ioregHead + "<dict><key>a</key><integer>0x1</integer><key>b</key><true/></dict></array></plist>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _ = parsePlist(text)
		_, _ = parseIORegUSB(text, text)
	})
}
