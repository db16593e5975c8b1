package diagnostic

var networkChecks []Check
