package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"scelle/shared/protocol"
)

// Office is what a world's host finds on its computer besides what is there.
type Office struct {
	Settings string // an administrator's, JSON of /etc/scelle/policy.json; "" for none
	Tokens   string // folder of SoftHSM's tokens; "" for none
	Secret   string // what a person types whenever a PIN or a password is asked for
}

// officeScript lays the office over /etc and /usr/bin, in a mount namespace of
// the host's own: this computer's files are not touched, and the environment of
// the host says nothing that it would not believe anyway. A display is named
// since nobody is asked without one; the stand-in for pinentry opens none.
const officeScript = `#!/bin/sh
exec unshare --map-root-user --mount sh -c 'set -e
office="$1"; shift
for dir in etc usr/bin; do
  mount -t overlay overlay -o "lowerdir=/$dir,upperdir=$office/$dir,workdir=$office/work/$dir" "/$dir"
done
DISPLAY=:0 exec "$@"' sh "OFFICE" "HOST" "$@"
`

// pinentryScript speaks as much of Assuan as the host asks: it types the
// secret, and notes what the window would have said.
const pinentryScript = `#!/bin/sh
echo "OK here"
while read -r line; do
  case "$line" in
  GETPIN) echo "D $(cat "OFFICE/secret")"; echo "OK" ;;
  BYE) echo "OK"; exit 0 ;;
  SETDESC*) echo "$line" >>"OFFICE/asked"; echo "OK" ;;
  *) echo "OK" ;;
  esac
done
`

// Furnish puts the world's host into an office; its browsers start it there
// from then on. Error: errors.ErrUnsupported where this system lets nobody make a
// mount namespace with an overlay.
func (w *World) Furnish(o Office) error {
	dir := filepath.Join(w.Dir, "office")
	fill := strings.NewReplacer("OFFICE", dir, "HOST", w.Host).Replace
	files := map[string]string{"secret": o.Secret + "\n", "asked": "", "host.sh": fill(officeScript), "usr/bin/pinentry-gnome3": fill(pinentryScript)}
	if o.Settings != "" {
		files["etc/scelle/policy.json"] = o.Settings
	}
	if o.Tokens != "" {
		files["etc/softhsm/softhsm2.conf"] = tokensIn(o.Tokens)
	}
	var err error
	for _, layer := range []string{"etc", "usr/bin"} {
		err = errors.Join(err, os.MkdirAll(filepath.Join(dir, layer), 0o755), os.MkdirAll(filepath.Join(dir, "work", layer), 0o755))
	}
	for name, text := range files {
		err = errors.Join(err, put(filepath.Join(dir, name), text))
	}
	if err != nil {
		return err
	}
	program := filepath.Join(dir, "host.sh")
	if _, err := w.Run(program, "version"); err != nil {
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	return w.registerAs(program)
}

// tokensIn is the configuration of SoftHSM for a folder.
func tokensIn(dir string) string {
	return fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", dir)
}

// put writes a file that everybody may read and run, in folders of its own.
func put(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o755)
}

// registerAs has the world's manifest name another program.
func (w *World) registerAs(program string) error {
	path := filepath.Join(w.UserDataDir, "NativeMessagingHosts", protocol.HostName+".json")
	if w.Engine == Firefox {
		path = filepath.Join(w.Home, ".mozilla", "native-messaging-hosts", protocol.HostName+".json")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var manifest map[string]any
	if err := json.Unmarshal(text, &manifest); err != nil {
		return err
	}
	manifest["path"] = program
	if text, err = json.Marshal(manifest); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// Asked is what the windows said in which the person was asked for a secret.
func (w *World) Asked() (string, error) {
	text, err := os.ReadFile(filepath.Join(w.Dir, "office", "asked"))
	return string(text), err
}

// Token makes a card of SoftHSM with one key pair: a private key in PEM
// (PKCS#8) and its certificate in DER.
func Token(dir, label, pin string, key, certificate []byte) error {
	conf, pem, der := filepath.Join(dir, "softhsm2.conf"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "certificate.der")
	err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(conf, []byte(tokensIn(dir)), 0o600), os.WriteFile(pem, key, 0o600), os.WriteFile(der, certificate, 0o600))
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "so" + pin, "--pin", pin},
		{"softhsm2-util", "--import", pem, "--token", label, "--label", label, "--id", "01", "--pin", pin},
		{"pkcs11-tool", "--module", SoftHSM, "--login", "--pin", pin, "--write-object", der, "--type", "cert", "--id", "01", "--label", label},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "SOFTHSM2_CONF="+conf)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", args[0], err, out)
		}
	}
	return errors.Join(os.Remove(pem), os.Remove(conf))
}

// SoftHSM is the place of SoftHSM's module in Debian.
const SoftHSM = "/usr/lib/softhsm/libsofthsm2.so"
