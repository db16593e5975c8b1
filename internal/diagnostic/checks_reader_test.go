package diagnostic_test

import (
	"errors"
	"os"
	"testing"

	"postecpx/internal/diagnostic"
	"postecpx/internal/diagnostic/imagined"
)

// aReader is a CCID reader on the bus.
var aReader = diagnostic.USBDevice{Vendor: 0x08E6, Product: 0x3437, Manufacturer: "Gemalto", Name: "GemPC Twin", Serial: "ABC123", Classes: []uint8{diagnostic.CCID}}

func plugged(d diagnostic.USBDevice) func(*imagined.Workstation) {
	return func(w *imagined.Workstation) { w.Devices = append(w.Devices, d) }
}

func changed(d diagnostic.USBDevice, change func(*diagnostic.USBDevice)) diagnostic.USBDevice {
	change(&d)
	return d
}

const (
	ccidBundle = "/usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents/Info.plist"
	ccidList   = `<plist><dict><key>CFBundleShortVersionString</key><string>1.5.2</string>
<key>ifdVendorID</key><array><string>0x08E6</string><string>0x076b</string></array>
<key>ifdProductID</key><array><string>0x3437</string><string>0x3021</string></array>
<key>ifdFriendlyName</key><array><string>A</string><string>B</string></array></dict></plist>`
)

func TestReaderPresent(t *testing.T) {
	t.Parallel()
	usbFails := func(w *imagined.Workstation) { w.Errs["USB"] = errors.ErrUnsupported }
	diagnoseAll(t, "reader.present", []imaginedCase{
		{name: "one", goos: "linux", set: withReader("Gemalto PC Twin Reader (ABC123) 00 00"), outcome: "present", status: diagnostic.OK,
			facts: map[string]string{"Count": "1", "readerSerial": "ABC123"}},
		{name: "two", goos: "windows", set: withReader("Generic Reader 0", "Generic Reader 1"), outcome: "present", status: diagnostic.OK,
			facts: map[string]string{"Count": "2"}, absent: []string{"readerSerial"}},
		{name: "nothing", goos: "linux", outcome: "none", status: diagnostic.Error},
		{name: "a mouse", goos: "windows", set: plugged(diagnostic.USBDevice{Vendor: 0x046D, Name: "Mouse", Classes: []uint8{3}}), outcome: "none", status: diagnostic.Error},
		{name: "a memory of a maker of readers", goos: "linux", set: plugged(diagnostic.USBDevice{Vendor: 0x04E6, Classes: []uint8{8}}), outcome: "none", status: diagnostic.Error},
		{name: "nothing, on a Mac", goos: "darwin", outcome: "none", status: diagnostic.Error},
		{name: "no look at the bus", goos: "linux", set: usbFails, outcome: "unseen-bus", status: diagnostic.Error},
		{name: "RDP", goos: "windows", set: all(env("SESSIONNAME", "RDP-Tcp#1"), plugged(aReader)), outcome: "not-redirected", status: diagnostic.Error},
		{name: "Citrix", goos: "windows", set: env("SESSIONNAME", "ICA-TCP#1"), outcome: "not-redirected", status: diagnostic.Error},
		{name: "SSH", goos: "linux", set: env("SSH_CONNECTION", "x"), outcome: "far", status: diagnostic.Error},
		{name: "SSH, and no driver there", goos: "linux", set: all(env("SSH_CONNECTION", "x"), plugged(aReader)), outcome: "no-package", status: diagnostic.Error},
		{name: "no package", goos: "linux", set: plugged(aReader), outcome: "no-package", status: diagnostic.Error,
			facts: map[string]string{"usbId": "08E6:3437", "device": "Gemalto GemPC Twin"}},
		{name: "a protocol of its own", goos: "linux", set: plugged(diagnostic.USBDevice{Vendor: 0x0B00, Product: 1, Classes: []uint8{0xFF}}), outcome: "no-package", status: diagnostic.Error,
			facts: map[string]string{"device": "0B00:0001"}},
		{name: "a newer model", goos: "linux", set: all(withFile(ccidBundle, ccidList), plugged(changed(aReader, func(d *diagnostic.USBDevice) { d.Product = 0x9999 }))),
			outcome: "unknown-model", status: diagnostic.Error, facts: map[string]string{"ccidDriver": "1.5.2", "usbId": "08E6:9999"}},
		{name: "a driver that knows it", goos: "linux", set: all(withFile(ccidBundle, ccidList), plugged(aReader)), outcome: "unseen", status: diagnostic.Error},
		{name: "letters of the list do not matter", goos: "linux", set: all(withFile(ccidBundle, ccidList), plugged(diagnostic.USBDevice{Vendor: 0x076B, Product: 0x3021, Classes: []uint8{diagnostic.CCID}})),
			outcome: "unseen", status: diagnostic.Error},
		{name: "a list that is none", goos: "linux", set: all(withFile(ccidBundle, "broken"), plugged(aReader)), outcome: "unseen", status: diagnostic.Error},
		{name: "no driver", goos: "windows", set: plugged(aReader), outcome: "driverless", status: diagnostic.Error},
		{name: "code 28", goos: "windows", set: plugged(changed(aReader, func(d *diagnostic.USBDevice) { d.Driver, d.Problem = "x", 28 })), outcome: "driverless", status: diagnostic.Error},
		{name: "code 22", goos: "windows", set: plugged(changed(aReader, func(d *diagnostic.USBDevice) { d.Driver, d.Problem = "WUDFRd", 22 })), outcome: "switched-off", status: diagnostic.Error},
		{name: "code 10", goos: "windows", set: plugged(changed(aReader, func(d *diagnostic.USBDevice) { d.Driver, d.Problem = "WUDFRd", 10 })), outcome: "troubled", status: diagnostic.Error,
			facts: map[string]string{"deviceProblem": "10"}},
		{name: "Windows shows it not", goos: "windows", set: plugged(changed(aReader, func(d *diagnostic.USBDevice) { d.Driver = "WUDFRd" })), outcome: "unseen", status: diagnostic.Error},
		{name: "Apple's driver shows it not", goos: "darwin", set: plugged(aReader), outcome: "apple-driver", status: diagnostic.Error},
		{name: "Apple's driver by choice", goos: "darwin", set: all(plugged(aReader), useIFDCCID("0\n")), outcome: "apple-driver", status: diagnostic.Error},
		{name: "the free driver shows it not", goos: "darwin", set: all(plugged(aReader), useIFDCCID("1\n")), outcome: "unseen", status: diagnostic.Error},
		{name: "Ventura shows it not", goos: "darwin", set: all(plugged(aReader), runs(diagnostic.System{ID: "macos", Version: "13.6"})), outcome: "unseen", status: diagnostic.Error},
		{name: "which driver, is not told", goos: "darwin", set: all(plugged(aReader), func(w *imagined.Workstation) { w.Errs["Command"] = errors.ErrUnsupported }), outcome: "unseen", status: diagnostic.Error},
		{name: "stopped", goos: "darwin", set: all(plugged(aReader), pcscFails(noService)), outcome: "because", status: diagnostic.Skipped, because: "pcsc.service"},
	})
}

// The list that the driver of this machine brings is read, where there is one.
func TestCCIDListHere(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile(ccidBundle)
	if err != nil {
		t.Skip("no CCID driver here")
	}
	w := imagined.New("linux").File(linuxLibrary, "").File(ccidBundle, string(list))
	w.Devices = []diagnostic.USBDevice{aReader}
	if f := diagnose(t, w, "reader.present"); f.Outcome != "unseen" {
		t.Errorf("a GemPC Twin: %s", f.Outcome)
	}
	w.Devices = []diagnostic.USBDevice{changed(aReader, func(d *diagnostic.USBDevice) { d.Product = 0xFFFF })}
	if f := diagnose(t, w, "reader.present"); f.Outcome != "unknown-model" {
		t.Errorf("no model at all: %s", f.Outcome)
	}
}

func TestReaderPower(t *testing.T) {
	t.Parallel()
	diagnoseAll(t, "reader.power", []imaginedCase{
		{name: "saves", goos: "windows", set: plugged(changed(aReader, func(d *diagnostic.USBDevice) { d.Suspends = true })), outcome: "suspends", status: diagnostic.Warning},
		{name: "keeps", goos: "windows", set: plugged(aReader), outcome: "kept", status: diagnostic.OK},
		{name: "a hub saves", goos: "windows", set: plugged(diagnostic.USBDevice{Classes: []uint8{9}, Suspends: true}), outcome: "none", status: diagnostic.Skipped},
		{name: "not seen", goos: "windows", set: func(w *imagined.Workstation) { w.Errs["USB"] = errors.ErrUnsupported }, outcome: "unknown", status: diagnostic.Skipped},
		{name: "Linux does so by itself", goos: "linux", set: plugged(changed(aReader, func(d *diagnostic.USBDevice) { d.Suspends = true })), outcome: "elsewhere", status: diagnostic.Skipped},
	})
}

func TestReaderGALSS(t *testing.T) {
	t.Parallel()
	const exe = `C:\Windows\galsvw32.exe`
	installed := func(path, version string) func(*imagined.Workstation) {
		return func(w *imagined.Workstation) {
			w.File(path, "")
			if version != "" {
				w.Products[path] = version
			}
		}
	}
	diagnoseAll(t, "reader.galss", []imaginedCase{
		{name: "none", goos: "linux", outcome: "absent", status: diagnostic.OK},
		{name: "old", goos: "windows", set: installed(exe, "3.44.2.0"), outcome: "old", status: diagnostic.Warning, facts: map[string]string{"galssExpected": "3.45.01"}},
		{name: "expected", goos: "windows", set: installed(exe, "3.45.1.0"), outcome: "current", status: diagnostic.OK},
		{name: "newer", goos: "windows", set: installed(exe, "3, 46, 0, 0"), outcome: "current", status: diagnostic.OK},
		{name: "an old one of two", goos: "windows", set: all(installed(exe, "3.20.0.0"), installed(`C:\Windows\galsvw64.exe`, "3.45.1.0")), outcome: "old", status: diagnostic.Warning,
			facts: map[string]string{"galssVersion": "3.20.0.0"}},
		{name: "no version", goos: "linux", set: installed("/usr/local/galss/galsvlux", ""), outcome: "untold", status: diagnostic.Skipped},
		{name: "protected by macOS", goos: "darwin", set: withFolder("/usr/libexec/SmartCardServices/drivers/GALSSDriver.bundle"), outcome: "absent", status: diagnostic.OK},
		{name: "left over", goos: "darwin", set: withFolder("/usr/local/libexec/SmartCardServices/drivers/GALSSDriver.bundle"), outcome: "leftover", status: diagnostic.Warning},
		{name: "in use", goos: "darwin", set: all(withFolder("/usr/local/libexec/SmartCardServices/drivers/GALSSDriver.bundle"), installed("/usr/local/galss/galsvosx", "")),
			outcome: "untold", status: diagnostic.Skipped},
	})
}

// useIFDCCID is the setting that chooses the free driver.
func useIFDCCID(value string) func(*imagined.Workstation) {
	return func(w *imagined.Workstation) {
		w.Commands["defaults read /Library/Preferences/com.apple.security.smartcard useIFDCCID"] = value
	}
}

func TestReaderAppleCCID(t *testing.T) {
	t.Parallel()
	diagnoseAll(t, "reader.apple-ccid", []imaginedCase{
		{name: "Ventura", goos: "darwin", set: all(plugged(aReader), runs(diagnostic.System{ID: "macos", Version: "13.6"})), outcome: "earlier", status: diagnostic.OK},
		{name: "the free one", goos: "darwin", set: all(plugged(aReader), useIFDCCID("1\n")), outcome: "free", status: diagnostic.OK},
		{name: "Apple's, and a reader", goos: "darwin", set: withReader("R"), outcome: "apple", status: diagnostic.OK},
		{name: "Apple's by choice", goos: "darwin", set: all(withReader("R"), useIFDCCID("0\n")), outcome: "apple", status: diagnostic.OK},
		{name: "Apple's, and nothing plugged in", goos: "darwin", outcome: "apple", status: diagnostic.OK},
		{name: "Apple's, and a reader that is not shown", goos: "darwin", set: plugged(aReader), outcome: "because", status: diagnostic.Skipped, because: "reader.present"},
		{name: "not told", goos: "darwin", set: func(w *imagined.Workstation) { w.Errs["Command"] = errors.ErrUnsupported }, outcome: "unknown", status: diagnostic.Skipped},
		{name: "no version", goos: "darwin", set: runs(diagnostic.System{ID: "macos"}), outcome: "unknown", status: diagnostic.Skipped},
		{name: "not here", goos: "linux", outcome: "elsewhere", status: diagnostic.Skipped},
	})
}
