package diagnostic

var identifierChecks []Check
