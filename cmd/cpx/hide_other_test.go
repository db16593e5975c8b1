//go:build !linux

package main

import "errors"

func hide(string) (show func(), err error) {
	return nil, errors.New("folders are hidden on Linux only")
}
