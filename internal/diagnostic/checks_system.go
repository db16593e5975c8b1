package diagnostic

var systemChecks []Check
