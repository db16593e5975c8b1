// Package pkcs11 says what the PKCS#11 modules of the workstation say: it finds
// them, looks at their files without loading them, and has each one probed in a
// child process, where it may fail, crash or hang without harm. It is pure: the
// only package that loads a module is worker, in the child.
package pkcs11

import "time"

// Status of a module, as the whole probe found it.
type Status string

// Statuses.
const (
	OK                Status = "ok"
	Missing           Status = "missing"            // no such file
	Unreadable        Status = "unreadable"         // not a file, no right to read it, or no library of any system
	WrongArchitecture Status = "wrong-architecture" // for another processor, width or system than ours
	MissingLibrary    Status = "missing-library"    // a library that it needs is not there
	NoSymbol          Status = "no-symbol"          // no C_GetFunctionList in it
	Failed            Status = "failed"             // a call returned an error
	Crashed           Status = "crashed"            // a call ended the process
	TimedOut          Status = "timed-out"          // a call did not come back
)

// Family of a module.
type Family string

// Families that the program knows. Other is every other module.
const (
	Cryptolib Family = "cryptolib" // ANS, Cryptolib CPS
	OpenSC    Family = "opensc"
	Other     Family = "other"
)

// Declaration is one place that names a module: where it is known to lie, a
// p11-kit or Mozilla file, a Firefox profile, or the person.
type Declaration struct {
	// By is stable: "known-place", "p11-kit", "mozilla-manifest",
	// "firefox-profile", "firefox-policy", "nss-database", "given".
	By string `json:"by"`
	// File is the file that declares it, "" for a known place or the person.
	File string `json:"file,omitempty"`
	// Name is what that file calls the module.
	Name string `json:"name,omitempty"`
}

// Module is a PKCS#11 module that something on the workstation names. Its
// file may not be there.
type Module struct {
	Path       string        `json:"path"`
	Name       string        `json:"name"` // "Cryptolib CPS", "OpenSC", or the name of its file
	Family     Family        `json:"family"`
	DeclaredBy []Declaration `json:"declaredBy,omitempty"`
}

// File is what the file of a module says before it is loaded.
type File struct {
	// Status is OK, or Missing, Unreadable, WrongArchitecture, MissingLibrary,
	// NoSymbol.
	Status  Status   `json:"status"`
	Detail  string   `json:"detail,omitempty"`  // English, for a support desk
	Target  string   `json:"target,omitempty"`  // symbolic links followed
	Format  string   `json:"format,omitempty"`  // "elf", "pe", "macho"
	Arch    []string `json:"arch,omitempty"`    // GOARCH names; several in a universal Mach-O
	Needs   []string `json:"needs,omitempty"`   // libraries that it imports
	Lacks   []string `json:"lacks,omitempty"`   // those of them, or that they need, that are not found
	Version string   `json:"version,omitempty"` // of the PE resource, or the soname
	// WorldWritable are the file and folders, of those that it trusts, that
	// anyone may change.
	WorldWritable []string `json:"worldWritable,omitempty"`
}

// Probe is all that one module says.
type Probe struct {
	Module Module `json:"module"`
	File   File   `json:"file"`
	Status Status `json:"status"`
	// Call is the PKCS#11 function where it went wrong: "C_GetSlotList".
	Call string `json:"call,omitempty"`
	// Code is the CKR_… name of a function that returned an error.
	Code     string        `json:"code,omitempty"`
	Detail   string        `json:"detail,omitempty"` // English, for a support desk
	Info     Info          `json:"info"`
	Slots    []Slot        `json:"slots,omitempty"`
	Duration time.Duration `json:"durationNs"`
}

// Info is C_GetInfo.
type Info struct {
	Manufacturer string `json:"manufacturer,omitempty"`
	Description  string `json:"description,omitempty"`
	Cryptoki     string `json:"cryptoki,omitempty"` // "2.20"
	Version      string `json:"version,omitempty"`  // of the library, "3.1"
}

// Slot is C_GetSlotInfo, with the token that is in it.
type Slot struct {
	ID          uint   `json:"id"`
	Description string `json:"description"`
	// Token is nil when the slot is empty, or when Failure says why it could
	// not be read.
	Token   *Token   `json:"token,omitempty"`
	Failure *Failure `json:"failure,omitempty"`
}

// Failure is a call that returned an error and cost one part only.
type Failure struct {
	Call string `json:"call"`
	Code string `json:"code"` // CKR_…, "" when it broke a rule of PKCS#11 instead
	// Detail says which rule, in English, for a support desk.
	Detail string `json:"detail,omitempty"`
}

// Token is C_GetTokenInfo, and the objects that are seen without a login.
type Token struct {
	Label        string      `json:"label"`
	Manufacturer string      `json:"manufacturer,omitempty"`
	Model        string      `json:"model,omitempty"`
	Serial       string      `json:"serial,omitempty"`
	Flags        []string    `json:"flags,omitempty"` // CKF_…
	PINLeast     int         `json:"pinLeast,omitempty"`
	PINMost      int         `json:"pinMost,omitempty"`
	Mechanisms   []Mechanism `json:"mechanisms,omitempty"`
	Objects      []Object    `json:"objects,omitempty"`
	Failures     []Failure   `json:"failures,omitempty"`
}

// Mechanism is C_GetMechanismInfo.
type Mechanism struct {
	Name    string   `json:"name"` // CKM_…
	LeastKB int      `json:"least,omitempty"`
	MostKB  int      `json:"most,omitempty"`
	Flags   []string `json:"flags,omitempty"` // CKF_…
}

// Object is one object of a token.
type Object struct {
	Class       string `json:"class"` // "certificate", "public-key", "private-key", "data", or CKO_…
	Label       string `json:"label,omitempty"`
	ID          []byte `json:"id,omitempty"`          // CKA_ID
	Application string `json:"application,omitempty"` // CKA_APPLICATION of a data object
	Value       []byte `json:"value,omitempty"`       // CKA_VALUE of a certificate or a data object
	KeyType     string `json:"keyType,omitempty"`     // "RSA", "EC", or CKK_…
	Bits        int    `json:"bits,omitempty"`
	Private     bool   `json:"private,omitempty"`
	Modifiable  bool   `json:"modifiable,omitempty"`
	// Usage are the CKA_… of a key that are true: CKA_SIGN, CKA_DECRYPT …
	Usage    []string  `json:"usage,omitempty"`
	Failures []Failure `json:"failures,omitempty"` // attributes that could not be read
}
