package workstation

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"testing"

	"postecpx/internal/diagnostic/imagined"
)

// madePE is a file of Windows with nothing in it but a version: Microsoft, "PE
// Format".
func madePE(library bool, major, minor, build, private uint16) string {
	const headersAt, sectionAt, resourcesAt = 0x40, 0x1000, 0x200
	file := make([]byte, 0x400)
	le := binary.LittleEndian
	u16 := func(at int, v uint16) { le.PutUint16(file[at:], v) }
	u32 := func(at int, v uint32) { le.PutUint32(file[at:], v) }
	copy(file, "MZ")
	u32(0x3C, headersAt)
	copy(file[headersAt:], "PE\x00\x00")
	u16(headersAt+4, 0x8664)
	u16(headersAt+6, 1) // sections
	u16(headersAt+20, 0xF0)
	u16(headersAt+22, 0x0002)
	if library {
		u16(headersAt+22, 0x2002)
	}
	optional := headersAt + 24
	u16(optional, 0x20B)
	u32(optional+108, 16)
	u32(optional+112+2*8, sectionAt) // the directory of resources
	section := optional + 0xF0
	u32(section+8, 0x200)
	u32(section+12, sectionAt)
	u32(section+16, 0x200)
	u32(section+20, resourcesAt)
	// Type 16, name 1, language 1033, and what they lead to.
	for level, id := range []uint32{16, 1, 1033} {
		at := resourcesAt + level*24
		u16(at+14, 1)
		u32(at+16, id)
		u32(at+20, uint32(level+1)*24|1<<31)
	}
	u32(resourcesAt+2*24+20, 72)
	u32(resourcesAt+72, sectionAt+0x80)
	u32(resourcesAt+76, 92)
	info := resourcesAt + 0x80
	u32(info+40, 0xFEEF04BD)
	u32(info+48, uint32(major)<<16|uint32(minor))
	u32(info+52, uint32(build)<<16|uint32(private))
	return string(file)
}

const infoPlist = `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>
	<key>CFBundleName</key><string>cpgesosx</string>
	<key>CFBundleShortVersionString</key><string>6.09</string>
	<key>CFBundleVersion</key><string>6.09.01</string>
</dict></plist>`

func TestProduct(t *testing.T) {
	windows := imagined.New("windows").
		File(`C:\Windows\System32\cps3_pkcs11_w64.dll`, madePE(true, 3, 4, 0, 1)).
		File(`C:\Program Files\santesocial\CPS\CCM.exe`, madePE(false, 3, 13, 0, 0)).
		File(`C:\text.dll`, "MZ, but no more").
		File(`C:\cut.dll`, madePE(true, 3, 4, 0, 1)[:0x280]).
		Denied(`C:\secret.dll`, fs.ErrPermission)
	mac := imagined.New("darwin").
		File("/Applications/cpgesosx.app/Contents/Info.plist", infoPlist).
		File("/Library/Frameworks/cptabosx.framework/Versions/A/Resources/Info.plist", `<plist><dict><key>CFBundleVersion</key><string>5.13</string></dict></plist>`).
		Link("/Library/Frameworks/cptabosx.framework/Versions/Current", "A").
		File("/Empty.app/Contents/Info.plist", `<plist><dict/></plist>`).
		File("/Broken.app/Contents/Info.plist", `<plist><dict>`).
		Folder("/None.app", 0o755)
	for name, c := range map[string]struct {
		on   *imagined.Workstation
		path string
		want string
		is   error // any error when want is "" and this is nil
	}{
		"library":     {windows, `C:\Windows\System32\cps3_pkcs11_w64.dll`, "3.4.0.1", nil},
		"program":     {windows, `C:\Program Files\santesocial\CPS\CCM.exe`, "3.13.0.0", nil},
		"not there":   {windows, `C:\Windows\System32\none.dll`, "", fs.ErrNotExist},
		"no right":    {windows, `C:\secret.dll`, "", fs.ErrPermission},
		"no program":  {windows, `C:\text.dll`, "", nil},
		"cut short":   {windows, `C:\cut.dll`, "", nil},
		"application": {mac, "/Applications/cpgesosx.app", "6.09", nil},
		"framework":   {mac, "/Library/Frameworks/cptabosx.framework", "5.13", nil},
		"no version":  {mac, "/Empty.app", "", ErrNoVersion},
		"broken":      {mac, "/Broken.app", "", nil},
		"no list":     {mac, "/None.app", "", fs.ErrNotExist},
		"absent":      {mac, "/Absent.app", "", fs.ErrNotExist},
		"linux":       {imagined.New("linux").File("/opt/a.so", "x"), "/opt/a.so", "", errors.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			w := New()
			w.Host = c.on
			got, err := w.Product(t.Context(), c.path)
			switch {
			case got != c.want:
				t.Errorf("%q, %v; want %q", got, err, c.want)
			case (err == nil) != (c.want != "") || c.is != nil && !errors.Is(err, c.is):
				t.Errorf("error %v, want %v", err, c.is)
			}
		})
	}
}
