package pkcs11

import (
	"context"
	"testing"
)

// TestSurveyGiven: with paths, those alone are asked; what is not there is said.
func TestSurveyGiven(t *testing.T) {
	t.Parallel()
	probes, errs := Survey(context.Background(), Local(), Executable{Path: "/nowhere"}, []string{"/no/such/module.so"}, Options{})
	if len(errs) != 0 || len(probes) != 1 || probes[0].Status != Missing || probes[0].Module.Path != "/no/such/module.so" {
		t.Errorf("%+v, %v", probes, errs)
	}
}
