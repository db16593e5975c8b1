package diagnostic

var pcscChecks []Check
