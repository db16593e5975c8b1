package diagnostic

var readerChecks []Check
