//go:build unix

package workstation

import (
	"os"
	"os/user"
	"slices"
	"strconv"

	"postecpx/internal/diagnostic"
)

// unixUser says who runs the program. Members of the given groups may become
// root.
func unixUser(administrators ...string) (diagnostic.User, error) {
	who := diagnostic.User{Elevated: os.Geteuid() == 0}
	if current, err := user.Current(); err == nil {
		who.Name = current.Username
	} else if who.Name = os.Getenv("USER"); who.Name == "" {
		who.Name = strconv.Itoa(os.Getuid()) // a container may know no name
	}
	who.Administrator = who.Elevated
	mine, err := os.Getgroups()
	if err != nil {
		return who, err
	}
	mine = append(mine, os.Getegid())
	for _, name := range administrators {
		group, err := user.LookupGroup(name)
		if err != nil {
			continue // not a group of this system
		}
		if id, err := strconv.Atoi(group.Gid); err == nil && slices.Contains(mine, id) {
			who.Administrator = true
		}
	}
	return who, nil
}
