package diagnostic

var certificateChecks []Check
