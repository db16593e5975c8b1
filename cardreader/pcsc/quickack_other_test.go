//go:build !linux

package pcsc

func setQuickAck(uintptr) error { return nil }
