package diagnostic

var cardChecks []Check
