package diagnostic

var cryptolibChecks []Check
