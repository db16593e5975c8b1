package assets

import _ "embed"

// Icon of the program, a PNG of 256 pixels; icon.svg is its source.
//
//go:embed icon.png
var Icon []byte
