package doctor

import (
	"os"
	"path/filepath"
	"strings"

	"scelle/host/internal/keystore"
	"scelle/shared/checkup"
	"scelle/shared/fault"
)

// On Windows and macOS readers, their service and PIN windows are the
// system's, and cards are in the system's store: most of this is Linux's.
func cardChecks() []check {
	return []check{
		{checkup.CardReader, onLinux((*look).reader)},
		{checkup.CardService, onLinux((*look).cardService)},
		{checkup.CardModule, onLinux((*look).cardModule)},
		{checkup.CardPIN, (*look).cardPIN},
		{checkup.PINPrompt, onLinux((*look).pinPrompt)},
	}
}

func onLinux(run func(*look) finding) func(*look) finding {
	return func(l *look) finding {
		if l.os() != "linux" {
			return skipped
		}
		return run(l)
	}
}

// named reports whether the administrator named PKCS#11 modules: cards are
// meant to be used here.
func (l *look) named() bool {
	settled, err := l.Settings.Read()
	return err == nil && len(settled.PKCS11Modules.Values) > 0
}

// modules are the PKCS#11 modules of the stores.
func (l *look) modules() (all []keystore.Module) {
	for _, s := range l.Stores {
		all = append(all, s.Modules...)
	}
	return all
}

// smartCardClass is the USB interface class of card readers (CCID).
const smartCardClass = "0b"

// readers counts USB interfaces of the smart card class.
func (l *look) readers() int {
	files, _ := filepath.Glob(l.at("/sys/bus/usb/devices/*/bInterfaceClass"))
	n := 0
	for _, file := range files {
		class, err := os.ReadFile(file)
		if err == nil && strings.TrimSpace(string(class)) == smartCardClass {
			n++
		}
	}
	return n
}

func (l *look) reader() finding {
	switch {
	case l.readers() > 0:
		return good
	case !l.named():
		return skipped
	}
	return finding{level: checkup.Note}
}

func (l *look) cardService() finding {
	if l.readers() == 0 {
		return skipped
	}
	for _, socket := range []string{"/run/pcscd/pcscd.comm", "/var/run/pcscd/pcscd.comm"} {
		if _, err := os.Stat(l.at(socket)); err == nil {
			return good
		}
	}
	return finding{checkup.Bad, "/run/pcscd/pcscd.comm"}
}

// cardModule is bad for a module that the administrator named, a warning for
// one that is only registered on the computer.
func (l *look) cardModule() finding {
	modules := l.modules()
	if len(modules) == 0 {
		if l.readers() > 0 {
			return finding{checkup.Note, "pkcs11Modules"}
		}
		return skipped
	}
	var broken []string
	for _, m := range modules {
		if m.Err != nil {
			broken = append(broken, m.Path+": "+string(fault.CodeOf(m.Err)))
		}
	}
	if l.named() {
		return found(checkup.Bad, broken)
	}
	return found(checkup.Warning, broken)
}

// cardPIN names states, never tokens: their labels are people's names.
func (l *look) cardPIN() finding {
	levels := map[keystore.PINState]checkup.Level{
		keystore.PINLocked: checkup.Bad, keystore.PINFinalTry: checkup.Warning, keystore.PINFew: checkup.Warning,
		keystore.PINToChange: checkup.Warning, keystore.PINMissing: checkup.Warning,
	}
	if len(l.Tokens) == 0 {
		return skipped
	}
	f := good
	for _, t := range l.Tokens {
		level, odd := levels[t.PIN]
		if !odd {
			continue
		}
		if level.Rank() < f.level.Rank() {
			f.level = level
		}
		if f.detail != "" {
			f.detail += "; "
		}
		f.detail += string(t.PIN)
	}
	return f
}

// pinPrompt matters where something asks for a PIN or a password.
func (l *look) pinPrompt() finding {
	needed := l.named() || len(l.Tokens) > 0
	for _, s := range l.Stores {
		needed = needed || s.State == keystore.Locked
	}
	switch {
	case !needed:
		return skipped
	case l.Native.Pinentry():
		return good
	}
	return finding{level: checkup.Bad}
}
