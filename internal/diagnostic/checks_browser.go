package diagnostic

var browserChecks []Check
