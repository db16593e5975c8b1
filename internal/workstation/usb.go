package workstation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"postecpx/internal/diagnostic"
)

// maxUSB bounds how many devices are listed: a bus takes 127.
const maxUSB = 1024

// parseIORegUSB reads what "ioreg -a -r -d 1 -c CLASS" says of USB devices
// (IOUSBHostDevice) and of their interfaces (IOUSBHostInterface), as two
// property lists. The interfaces tell the classes; a device is found by where
// it is plugged in.
func parseIORegUSB(devices, interfaces []byte) ([]diagnostic.USBDevice, error) {
	listed, err := parseIOReg(devices)
	if err != nil {
		return nil, fmt.Errorf("ioreg: devices: %w", err)
	}
	parts, err := parseIOReg(interfaces)
	if err != nil {
		return nil, fmt.Errorf("ioreg: interfaces: %w", err)
	}
	type place struct{ location, vendor, product int64 }
	where := func(dict map[string]any) (p place, ok bool) {
		p.location, _ = dict["locationID"].(int64)
		var hasVendor, hasProduct bool
		p.vendor, hasVendor = dict["idVendor"].(int64)
		p.product, hasProduct = dict["idProduct"].(int64)
		return p, hasVendor && hasProduct && p.vendor>>16 == 0 && p.product>>16 == 0
	}
	classes := map[place][]uint8{}
	for _, part := range parts {
		p, ok := where(part)
		class, hasClass := part["bInterfaceClass"].(int64)
		if ok && hasClass && class>>8 == 0 {
			classes[p] = addClass(classes[p], uint8(class))
		}
	}
	var found []diagnostic.USBDevice
	for _, device := range listed {
		p, ok := where(device)
		if !ok || len(found) >= maxUSB {
			continue
		}
		first := func(names ...string) string {
			for _, name := range names {
				if text := clean(textOf(device, name)); text != "" {
					return text
				}
			}
			return ""
		}
		found = append(found, diagnostic.USBDevice{
			Vendor: uint16(p.vendor), Product: uint16(p.product),
			Manufacturer: first("USB Vendor Name", "kUSBVendorString"),
			Name:         first("USB Product Name", "kUSBProductString"),
			Serial:       first("USB Serial Number", "kUSBSerialNumberString"),
			Classes:      classes[p],
		})
	}
	return found, nil
}

// parseIOReg reads a property list that is an array of dictionaries; ioreg
// prints nothing at all when there is none.
func parseIOReg(text []byte) ([]map[string]any, error) {
	if len(strings.TrimSpace(string(text))) == 0 {
		return nil, nil
	}
	value, err := parsePlist(text)
	if err != nil {
		return nil, err
	}
	all, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("property list: no array")
	}
	var found []map[string]any
	for _, one := range all {
		if dict, ok := one.(map[string]any); ok {
			found = append(found, dict)
		}
	}
	return found, nil
}

// parseSystemProfilerUSB reads "system_profiler -json SPUSBDataType
// SPUSBHostDataType": a tree of buses, hubs and devices. From macOS 26 on the
// second type has replaced the first, with other names. It tells no classes.
func parseSystemProfilerUSB(text []byte) ([]diagnostic.USBDevice, error) {
	var tree map[string][]map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("system_profiler: %w", err)
	}
	var found []diagnostic.USBDevice
	var walk func(nodes []map[string]any, depth int)
	walk = func(nodes []map[string]any, depth int) {
		for _, node := range nodes {
			first := func(names ...string) string {
				for _, name := range names {
					if text := clean(textOf(node, name)); text != "" && text != "Not Provided" {
						return text
					}
				}
				return ""
			}
			vendor, hasVendor := profilerNumber(first("vendor_id", "USBDeviceKeyVendorID"))
			product, hasProduct := profilerNumber(first("product_id", "USBDeviceKeyProductID"))
			if hasVendor && hasProduct && len(found) < maxUSB {
				found = append(found, diagnostic.USBDevice{
					Vendor: vendor, Product: product, Name: first("_name"),
					Manufacturer: first("manufacturer", "USBDeviceKeyVendorName"),
					Serial:       first("serial_num", "USBDeviceKeySerialNumber"),
				})
			}
			items, _ := node["_items"].([]any)
			var below []map[string]any
			for _, item := range items {
				if dict, ok := item.(map[string]any); ok {
					below = append(below, dict)
				}
			}
			if depth < maxPlistDepth {
				walk(below, depth+1)
			}
		}
	}
	for _, kind := range []string{"SPUSBDataType", "SPUSBHostDataType"} {
		walk(tree[kind], 0)
	}
	return found, nil
}

// profilerNumber reads "0x072f  (Advanced Card Systems Ltd.)"; Apple's own
// number is written as a name.
func profilerNumber(text string) (uint16, bool) {
	if text == "apple_vendor_id" {
		return 0x05AC, true
	}
	first, _, _ := strings.Cut(text, " ")
	n, err := strconv.ParseUint(strings.TrimPrefix(first, "0x"), 16, 16)
	return uint16(n), err == nil
}

// usbNode is one node of the Windows device tree under the enumerator USB.
type usbNode struct {
	id         string // USB\VID_072F&PID_90CC\6&2F5&0&1
	parent     string // the id of the node above
	maker      string
	name       string
	service    string   // its driver
	compatible []string // USB\Class_0B&SubClass_00&Prot_00 …
	problem    int
	suspends   bool
}

// windowsUSB makes devices of nodes. The interfaces of a composite device are
// nodes of their own below it, named with &MI_nn; a device with one interface
// is one node.
func windowsUSB(nodes []usbNode) []diagnostic.USBDevice {
	var found []diagnostic.USBDevice
	at := map[string]int{}
	for _, n := range nodes {
		vendor, product, part, ok := parseUSBInstance(n.id)
		if !ok || part || len(found) >= maxUSB {
			continue
		}
		at[strings.ToUpper(n.id)] = len(found)
		d := diagnostic.USBDevice{Vendor: vendor, Product: product, Manufacturer: clean(n.maker), Name: clean(n.name),
			Driver: n.service, Problem: n.problem, Suspends: n.suspends}
		if serial := n.id[strings.LastIndexByte(n.id, '\\')+1:]; !strings.Contains(serial, "&") {
			d.Serial = serial // one with & was made up by Windows
		}
		for _, id := range n.compatible {
			if class, ok := usbClass(id); ok {
				d.Classes = addClass(d.Classes, class)
			}
		}
		found = append(found, d)
	}
	for _, n := range nodes {
		_, _, part, ok := parseUSBInstance(n.id)
		i, known := at[strings.ToUpper(n.parent)]
		if !ok || !part || !known {
			continue
		}
		d := &found[i]
		card := false
		for _, id := range n.compatible {
			if class, ok := usbClass(id); ok {
				d.Classes = addClass(d.Classes, class)
				card = card || class == diagnostic.CCID
			}
		}
		if card { // what concerns the reader tells more than the whole
			d.Driver, d.Problem = n.service, cmp.Or(n.problem, d.Problem)
			d.Suspends = d.Suspends || n.suspends
			if name := clean(n.name); d.Name == "" {
				d.Name = name
			}
		}
	}
	return found
}

// parseUSBInstance reads a device instance id: Microsoft, "Standard USB
// Identifiers". part tells an interface of a composite device.
func parseUSBInstance(id string) (vendor, product uint16, part, ok bool) {
	fields := strings.Split(strings.ToUpper(id), `\`)
	if len(fields) != 3 || fields[0] != "USB" {
		return 0, 0, false, false
	}
	var hasVendor, hasProduct bool
	for field := range strings.SplitSeq(fields[1], "&") {
		if hex, found := strings.CutPrefix(field, "VID_"); found {
			n, err := strconv.ParseUint(hex, 16, 16)
			vendor, hasVendor = uint16(n), err == nil
		}
		if hex, found := strings.CutPrefix(field, "PID_"); found {
			n, err := strconv.ParseUint(hex, 16, 16)
			product, hasProduct = uint16(n), err == nil
		}
		part = part || strings.HasPrefix(field, "MI_")
	}
	return vendor, product, part, hasVendor && hasProduct
}

// usbClass reads the interface class of a compatible id. USB\DevClass_nn is
// that of a device as a whole, which tells nothing here.
func usbClass(id string) (uint8, bool) {
	rest, ok := strings.CutPrefix(strings.ToUpper(id), `USB\CLASS_`)
	if !ok || len(rest) < 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(rest[:2], 16, 8)
	return uint8(n), err == nil
}

func addClass(all []uint8, class uint8) []uint8 {
	if slices.Contains(all, class) {
		return all
	}
	return append(all, class)
}

// clean makes one line of what a device calls itself.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return -1
		}
		return r
	}, text))
}
