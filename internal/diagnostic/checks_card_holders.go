package diagnostic

import (
	"context"
	"slices"
	"strings"
)

// holderNames are programs of French workstations that are known to hold a
// card, by the beginning of the name of their file: the GALSS and its users,
// the parts of the Cryptolib CPS, GnuPG, browsers. The value is the name that
// people know.
var holderNames = []struct{ prefix, name string }{
	{"galss", "GALSS"}, {"galsv", "GALSS"},
	{"srvsvcnam", "SRVSVCNAM, SESAM-Vitale"}, {"sesam", "SESAM-Vitale"}, {"ssv", "SESAM-Vitale"}, {"atsam", "ATSAM"}, {"diagam", "DiagAM"},
	{"ccm", "CCM, Cryptolib CPS"}, {"cpges", "CPS Gestion"},
	{"scdaemon", "GnuPG"}, {"gpg-agent", "GnuPG"}, {"pcsc_scan", "pcsc-tools"}, {"pkcs11", "OpenSC"}, {"opensc", "OpenSC"},
	{"firefox", "Mozilla Firefox"}, {"chrome", "Google Chrome"}, {"chromium", "Chromium"}, {"msedge", "Microsoft Edge"}, {"safari", "Safari"},
}

// alwaysHolders are those of holderNames that are named even when it may not
// be seen whether they have loaded PC/SC: they exist for cards. A browser does
// not.
var alwaysHolders = []string{"GALSS", "SRVSVCNAM, SESAM-Vitale", "CPS Gestion", "GnuPG", "pcsc-tools"}

// systemHolders are processes of the system that have loaded PC/SC and that
// nobody should close.
var systemHolders = []string{
	"pcscd", "svchost.exe", "lsass.exe", "winlogon.exe", "logonui.exe", "explorer.exe", "services.exe", "wudfhost.exe",
	"com.apple.ifdreader", "ctkd", "ctkahp", "ctkbind", "securityd", "loginwindow", "authd",
}

// holders names the programs that are likely to hold the card; false when the
// list of programs cannot be had. The sentence can do without a name. This
// program is not named, nor one that still runs of the same file.
func holders(ctx context.Context, s *Session) (facts []Fact, listed bool) {
	processes, err := s.Processes(ctx)
	if err != nil {
		return nil, false
	}
	own := map[string]bool{}
	for _, p := range processes {
		if p.Self {
			own[strings.ToLower(p.Name)] = true
		}
	}
	for _, p := range processes {
		file := strings.ToLower(p.Name)
		if p.Self || own[file] || slices.Contains(systemHolders, file) {
			continue
		}
		name := ""
		for _, h := range holderNames {
			if strings.HasPrefix(file, h.prefix) {
				name = h.name
				break
			}
		}
		if !p.PCSC && !slices.Contains(alwaysHolders, name) {
			continue
		}
		fact := local("holder", p.Name)
		if name != "" {
			fact.Value += " (" + name + ")"
		}
		if !slices.Contains(facts, fact) && len(facts) < 8 {
			facts = append(facts, fact)
		}
	}
	return facts, true
}
