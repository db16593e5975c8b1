package workstation

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// group lets no console window flash up. No command of Windows that is run
// starts others: the process is ended alone.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW}
}

func killGroup(*exec.Cmd) {}
