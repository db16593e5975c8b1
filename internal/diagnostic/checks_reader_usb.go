package diagnostic

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// isReaderDevice tells whether a USB device is a smart card reader: by its
// class, or by a maker whose readers speak a protocol of their own.
func isReaderDevice(d USBDevice) bool {
	if slices.Contains(d.Classes, CCID) {
		return true
	}
	own := !slices.ContainsFunc(d.Classes, func(class uint8) bool { return class != vendorClass })
	name := strings.ToLower(d.Name)
	return own && (readerMakers[d.Vendor] || strings.Contains(name, "smart card") || strings.Contains(name, "smartcard"))
}

// vendorClass is the USB class of what follows no class.
const vendorClass = 0xFF

// readerMakers make little else than readers (list of USB vendors, usb.org,
// and of the readers that the free CCID driver knows).
var readerMakers = map[uint16]bool{
	0x04E6: true, // SCM Microsystems, Identiv
	0x072F: true, // Advanced Card Systems
	0x076B: true, // OMNIKEY, HID Global
	0x0783: true, // C3PO
	0x08E6: true, // Gemplus, Gemalto, Thales
	0x0973: true, // SchlumbergerSema
	0x0B00: true, // Ingenico
	0x0C4B: true, // REINER SCT
	0x0CA6: true, // Castles Technology
	0x0D46: true, // KOBIL
	0x0DC3: true, // Athena
	0x0F14: true, // Ingenico, formerly Xiring
}

// deviceFacts describe a device without its serial number, which tells one
// machine from another and explains nothing.
func deviceFacts(d USBDevice) []Fact {
	name := strings.TrimSpace(d.Manufacturer + " " + d.Name)
	id := fmt.Sprintf("%04X:%04X", d.Vendor, d.Product)
	if name == "" {
		name = id
	}
	facts := []Fact{local("device", name), public("usbId", id)}
	if d.Driver != "" {
		facts = append(facts, public("usbDriver", d.Driver))
	}
	return facts
}

// ccidDriver is the free driver of USB readers that pcscd loads.
type ccidDriver struct {
	found   bool
	version string
	// listed: its list of readers was read. It takes no reader that is not in it.
	listed bool
	models map[string]bool // "08E6:3437"
}

// findCCIDDriver looks for the driver where the packages put it.
func findCCIDDriver(s *Session) ccidDriver {
	folders := []string{"/usr/lib/pcsc/drivers", "/usr/lib64/pcsc/drivers", "/usr/local/lib/pcsc/drivers", "/usr/local/pcsc/drivers"}
	if triplet := debianTriplets[s.GOARCH()]; triplet != "" {
		folders = append(folders, "/usr/lib/"+triplet+"/pcsc/drivers")
	}
	for _, folder := range folders {
		bundle := folder + "/ifd-ccid.bundle"
		if _, err := s.Stat(bundle); err != nil {
			continue
		}
		list, err := readAtMost(s, bundle+"/Contents/Info.plist", 4<<20)
		if err != nil {
			return ccidDriver{found: true}
		}
		return parseCCIDList(string(list))
	}
	return ccidDriver{}
}

var (
	plistArray   = regexp.MustCompile(`(?s)<key>(ifdVendorID|ifdProductID)</key>\s*<array>(.*?)</array>`)
	plistString  = regexp.MustCompile(`<string>0x([0-9A-Fa-f]{4})</string>`)
	plistVersion = regexp.MustCompile(`<key>CFBundleShortVersionString</key>\s*<string>([^<]{1,20})</string>`)
)

// parseCCIDList reads the property list of the driver: the vendors and the
// products stand in two arrays of one length.
func parseCCIDList(plist string) ccidDriver {
	driver := ccidDriver{found: true, version: "?", models: map[string]bool{}}
	if m := plistVersion.FindStringSubmatch(plist); m != nil {
		driver.version = m[1]
	}
	arrays := map[string][]string{}
	for _, m := range plistArray.FindAllStringSubmatch(plist, -1) {
		for _, one := range plistString.FindAllStringSubmatch(m[2], -1) {
			arrays[m[1]] = append(arrays[m[1]], strings.ToUpper(one[1]))
		}
	}
	vendors, products := arrays["ifdVendorID"], arrays["ifdProductID"]
	if len(vendors) == 0 || len(vendors) != len(products) {
		return driver
	}
	driver.listed = true
	for i, vendor := range vendors {
		driver.models[vendor+":"+products[i]] = true
	}
	return driver
}

func (c ccidDriver) knows(d USBDevice) bool {
	return c.models[fmt.Sprintf("%04X:%04X", d.Vendor, d.Product)]
}
