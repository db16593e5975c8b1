package workstation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"postecpx/internal/diagnostic"
)

func processes(ctx context.Context) ([]diagnostic.Process, error) {
	return within(ctx, func() ([]diagnostic.Process, error) {
		snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
		if err != nil {
			return nil, err
		}
		defer windows.CloseHandle(snapshot)
		var all []running
		entry := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
		for err = windows.Process32First(snapshot, &entry); err == nil && len(all) < maxProcesses; err = windows.Process32Next(snapshot, &entry) {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			p := running{parent: int(entry.ParentProcessID), Process: diagnostic.Process{
				PID: int(entry.ProcessID), Name: windows.UTF16ToString(entry.ExeFile[:])}}
			if entry.ProcessID != 0 {
				p.Path = imagePath(entry.ProcessID)
				p.PCSC = holdsModule(entry.ProcessID, "winscard.dll")
			}
			all = append(all, p)
		}
		if err != nil && !errors.Is(err, windows.ERROR_NO_MORE_FILES) {
			return nil, fmt.Errorf("list of processes: %w", err)
		}
		return listed(all, self), nil
	})
}

// imagePath is the file of a process, "" when it may not be seen.
func imagePath(pid uint32) string {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(process)
	buffer := make([]uint16, windows.MAX_LONG_PATH)
	size := uint32(len(buffer))
	if windows.QueryFullProcessImageName(process, 0, &buffer[0], &size) != nil {
		return ""
	}
	return windows.UTF16ToString(buffer[:size])
}

// maxModules bounds how many modules of a process are looked at.
const maxModules = 4096

// holdsModule tells whether a process has loaded a library, false when it may
// not be seen: that of another user, or a 64-bit one from a 32-bit one.
func holdsModule(pid uint32, name string) bool {
	var snapshot windows.Handle
	err := error(windows.ERROR_BAD_LENGTH)
	for range 4 { // it fails so while the process loads a module
		snapshot, err = windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPMODULE|windows.TH32CS_SNAPMODULE32, pid)
		if !errors.Is(err, windows.ERROR_BAD_LENGTH) {
			break
		}
	}
	if err != nil {
		return false
	}
	defer windows.CloseHandle(snapshot)
	entry := windows.ModuleEntry32{Size: uint32(unsafe.Sizeof(windows.ModuleEntry32{}))}
	seen := 0
	for err = windows.Module32First(snapshot, &entry); err == nil && seen < maxModules; err = windows.Module32Next(snapshot, &entry) {
		if strings.EqualFold(windows.UTF16ToString(entry.Module[:]), name) {
			return true
		}
		seen++
	}
	return false
}
