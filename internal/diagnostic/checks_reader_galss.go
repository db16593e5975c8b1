package diagnostic

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// The GALSS of GIE SESAM-Vitale shares readers of the PSS protocol, which came
// before PC/SC. A PC/SC reader does not need it.

// galssExpected are the versions that the Cryptolib CPS 5.2 expects (release
// notes of ANS).
var galssExpected = map[string]string{"windows": "3.45.01", "darwin": "3.42.03", "linux": "3.41.00"}

// galssPrograms is what the GALSS installs; %SystemRoot% is the folder of
// Windows.
var galssPrograms = map[string][]string{
	"windows": {`%SystemRoot%\galsvw64.exe`, `%SystemRoot%\galsvw32.exe`},
	"darwin":  {"/usr/local/galss/galsvosx", "/usr/local/galss/galsvlux"},
	"linux":   {"/usr/local/galss/galsvlux"},
}

// galssBundle presents PSS readers as PC/SC ones on macOS; without the GALSS it
// is left over. The folder /usr/libexec, where it once lay, is not looked at:
// nothing can be taken out of it since macOS 10.11.
const galssBundle = "/usr/local/libexec/SmartCardServices/drivers/GALSSDriver.bundle"

func runReaderGALSS(ctx context.Context, s *Session) Result {
	goos := s.GOOS()
	var facts []Fact
	oldest := ""
	for _, path := range galssPrograms[goos] {
		path = strings.Replace(path, "%SystemRoot%", systemRoot(s), 1)
		if _, err := s.Stat(path); err != nil {
			continue
		}
		facts = append(facts, local("galss", path))
		if version, err := s.Product(ctx, path); err == nil && (oldest == "" || olderVersion(version, oldest)) {
			oldest = version
		}
	}
	if goos == "darwin" && len(facts) == 0 {
		if _, err := s.Stat(galssBundle); err == nil {
			return Result{Outcome: "leftover", Facts: []Fact{local("galss", galssBundle)}}
		}
	}
	expected := galssExpected[goos]
	switch {
	case len(facts) == 0:
		return Result{Outcome: "absent"}
	case oldest == "" || expected == "":
		return Result{Outcome: "untold", Facts: facts}
	}
	facts = append(facts, public("galssVersion", oldest), public("galssExpected", expected))
	if olderVersion(oldest, expected) {
		return Result{Outcome: "old", Facts: facts}
	}
	return Result{Outcome: "current", Facts: facts}
}

// olderVersion compares "3.45.01" and "3.45.1.0", number by number; what is no
// number ends a version.
func olderVersion(a, b string) bool {
	return slices.Compare(versionNumbers(a), versionNumbers(b)) < 0
}

func versionNumbers(text string) []int {
	var numbers []int
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == ',' || r == ' ' }) {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		numbers = append(numbers, n)
	}
	for len(numbers) > 0 && numbers[len(numbers)-1] == 0 {
		numbers = numbers[:len(numbers)-1]
	}
	return numbers
}

// notSet tells that a command of the system has no value to give.
func notSet(err error) bool {
	return !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrPermission) &&
		!errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) && !errors.Is(err, errDeadline)
}
