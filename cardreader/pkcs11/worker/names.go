package worker

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed mechanisms.txt
var mechanismList string

var mechanismNames = sync.OnceValue(func() map[uint64]string {
	names := map[uint64]string{}
	for line := range strings.Lines(mechanismList) {
		number, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseUint(number, 16, 64); err == nil {
			names[n] = name
		}
	}
	return names
})

// mechanismName is the CKM_… of a mechanism, or its number.
func mechanismName(mechanism uint64) string {
	if name, ok := mechanismNames()[mechanism]; ok {
		return name
	}
	return fmt.Sprintf("CKM_0x%08X", mechanism)
}

// bit is one flag of a word of flags.
type bit struct {
	mask uint
	name string
}

// Flags of CK_TOKEN_INFO and CK_MECHANISM_INFO (pkcs11t.h, v2.40).
var (
	tokenFlags = []bit{
		{0x1, "CKF_RNG"}, {0x2, "CKF_WRITE_PROTECTED"}, {0x4, "CKF_LOGIN_REQUIRED"},
		{0x8, "CKF_USER_PIN_INITIALIZED"}, {0x20, "CKF_RESTORE_KEY_NOT_NEEDED"}, {0x40, "CKF_CLOCK_ON_TOKEN"},
		{0x100, "CKF_PROTECTED_AUTHENTICATION_PATH"}, {0x200, "CKF_DUAL_CRYPTO_OPERATIONS"},
		{0x400, "CKF_TOKEN_INITIALIZED"}, {0x800, "CKF_SECONDARY_AUTHENTICATION"},
		{0x10000, "CKF_USER_PIN_COUNT_LOW"}, {0x20000, "CKF_USER_PIN_FINAL_TRY"}, {0x40000, "CKF_USER_PIN_LOCKED"},
		{0x80000, "CKF_USER_PIN_TO_BE_CHANGED"}, {0x100000, "CKF_SO_PIN_COUNT_LOW"}, {0x200000, "CKF_SO_PIN_FINAL_TRY"},
		{0x400000, "CKF_SO_PIN_LOCKED"}, {0x800000, "CKF_SO_PIN_TO_BE_CHANGED"}, {0x1000000, "CKF_ERROR_STATE"},
	}
	mechanismFlags = []bit{
		{0x1, "CKF_HW"}, {0x100, "CKF_ENCRYPT"}, {0x200, "CKF_DECRYPT"}, {0x400, "CKF_DIGEST"},
		{0x800, "CKF_SIGN"}, {0x1000, "CKF_SIGN_RECOVER"}, {0x2000, "CKF_VERIFY"}, {0x4000, "CKF_VERIFY_RECOVER"},
		{0x8000, "CKF_GENERATE"}, {0x10000, "CKF_GENERATE_KEY_PAIR"}, {0x20000, "CKF_WRAP"}, {0x40000, "CKF_UNWRAP"},
		{0x80000, "CKF_DERIVE"},
	}
)

func flagNames(flags uint, known []bit) []string {
	var names []string
	for _, b := range known {
		if flags&b.mask != 0 {
			names = append(names, b.name)
		}
	}
	return names
}

// className is the class of an object in the words of pkcs11.Object.
func className(class uint64) string {
	switch class {
	case 0:
		return "data"
	case 1:
		return "certificate"
	case 2:
		return "public-key"
	case 3:
		return "private-key"
	case 4:
		return "CKO_SECRET_KEY"
	case 5:
		return "CKO_HW_FEATURE"
	case 6:
		return "CKO_DOMAIN_PARAMETERS"
	case 7:
		return "CKO_MECHANISM"
	}
	return fmt.Sprintf("CKO_0x%08X", class)
}

func keyTypeName(kind uint64) string {
	switch kind {
	case 0:
		return "RSA"
	case 1:
		return "DSA"
	case 3:
		return "EC"
	case 0x10:
		return "CKK_GENERIC_SECRET"
	case 0x1F:
		return "CKK_AES"
	}
	return fmt.Sprintf("CKK_0x%08X", kind)
}
