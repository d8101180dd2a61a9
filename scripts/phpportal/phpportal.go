// Package phpportal is a second reference salle des marchés, in PHP: the code
// of the guide « Intégrer Scellé », with nothing but what Debian's php-cli and
// php-sqlite3 have. scripts/genproto puts it into the guide, and the tests here
// and in scripts/e2e run it.
package phpportal

import (
	"bufio"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed server.php openssl.cnf public
var files embed.FS

// Files are server.php, openssl.cnf and public/, as the guide has them.
func Files() fs.FS { return files }

// Server is a running PHP portal.
type Server struct {
	Origin string // such as http://127.0.0.1:40001
	Data   string // folder with its database, its key and the plis

	cmd *exec.Cmd
}

// attempts is how often another program may be quicker to take a free address.
const attempts = 5

// Start lays the portal out below dir, an empty folder: server.php, the pages
// and the package for portals in public/, and data/. It waits until the server
// listens; log gets what it says.
func Start(dir string, page fs.FS, log io.Writer) (*Server, error) {
	if err := os.CopyFS(dir, files); err != nil {
		return nil, err
	}
	if err := os.CopyFS(filepath.Join(dir, "public"), page); err != nil {
		return nil, err
	}
	var errs []error
	for range attempts {
		s, err := run(dir, log)
		if err == nil {
			return s, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func run(dir string, log io.Writer) (*Server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &Server{Origin: "http://" + addr, Data: filepath.Join(dir, "data")}
	s.cmd = exec.Command("php", "-S", addr, "-t", filepath.Join(dir, "public"), filepath.Join(dir, "server.php"))
	s.cmd.Env = append(os.Environ(), "SCELLE_DATA="+s.Data)
	said, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	started := make(chan bool, 1)
	go listen(said, log, started)
	if !<-started {
		return nil, errors.Join(fmt.Errorf("php does not listen on %s", addr), s.Close())
	}
	return s, nil
}

// listen copies what the server says, and reports whether it says that it has
// started.
func listen(said io.Reader, log io.Writer, started chan<- bool) {
	for lines := bufio.NewScanner(said); lines.Scan(); {
		fmt.Fprintln(log, lines.Text())
		if strings.HasSuffix(lines.Text(), " started") {
			started <- true
			started = make(chan bool, 1) // once
		}
	}
	started <- false
}

// freeAddress is one that nobody listened on a moment ago.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// SetDeadline moves the deadline of its one consultation.
func (s *Server) SetDeadline(t time.Time) error {
	return os.WriteFile(filepath.Join(s.Data, "deadline"), []byte(t.UTC().Format(time.RFC3339)), 0o600)
}

// Close ends the server.
func (s *Server) Close() error {
	err := s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it was killed
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
