//go:build !linux

package worker

// confine is for Linux; a Windows parent bounds the memory by its job object.
func confine(bool) {}
