package store

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Power is one thing that an agent may do in a service.
type Power string

// The powers. KeysManage includes KeysRead.
const (
	KeysRead   Power = "keys.read"   // see the key pairs of the service
	KeysManage Power = "keys.manage" // add, change and delete them
	PlisOpen   Power = "plis.open"   // consultations of the service, their keys, their plis after the deadline
)

// Service is a department of the buyer.
type Service struct{ ID, Name string }

// User is an agent of a service or someone of a company; the other field is
// empty.
type User struct {
	ID, Login, Name string
	Service         Service
	Company         string // its id
	CompanyName     string
	Rights          map[string][]Power // by service id
}

// Buyer reports whether the user is an agent.
func (u *User) Buyer() bool { return u.Service.ID != "" }

// May reports whether the user has a power in a service.
func (u *User) May(p Power, service string) bool {
	for _, have := range u.Rights[service] {
		if have == p || p == KeysRead && have == KeysManage {
			return true
		}
	}
	return false
}

// Session is a logged-in browser.
type Session struct {
	User User
	CSRF string // what changing requests must carry
}

// AddService, AddCompany and AddUser are for setting a portal up.
func (s *Store) AddService(ctx context.Context, v Service) error {
	_, err := s.db.ExecContext(ctx, "INSERT INTO services (id, name) VALUES (?, ?)", v.ID, v.Name)
	return err
}

// AddCompany adds a company.
func (s *Store) AddCompany(ctx context.Context, id, name string) error {
	_, err := s.db.ExecContext(ctx, "INSERT INTO companies (id, name) VALUES (?, ?)", id, name)
	return err
}

// AddUser adds a user with a password and rights.
func (s *Store) AddUser(ctx context.Context, u User, password string, rounds int) error {
	hashed, err := hashPassword(password, rounds)
	if err != nil {
		return err
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO users (id, login, name, password, service, company) VALUES (?, ?, ?, ?, nullif(?, ''), nullif(?, ''))",
			u.ID, u.Login, u.Name, hashed, u.Service.ID, u.Company)
		for service, powers := range u.Rights {
			for _, p := range powers {
				_, e := tx.ExecContext(ctx, "INSERT INTO rights (user, service, power) VALUES (?, ?, ?)", u.ID, service, string(p))
				err = errors.Join(err, e)
			}
		}
		return err
	})
}

// Services lists every service.
func (s *Store) Services(ctx context.Context) ([]Service, error) {
	return collect(ctx, s.db, scanService, "SELECT id, name FROM services ORDER BY name")
}

func scanService(row scanner) (v Service, err error) {
	err = row.Scan(&v.ID, &v.Name)
	return v, err
}

// Login checks a password and starts a session of that length. The token goes
// into a cookie; the database keeps only its hash. A wrong login and a wrong
// password are the same ErrNotFound and take the same time.
func (s *Store) Login(ctx context.Context, login, password string, length time.Duration, rounds int) (token string, err error) {
	var id, hashed string
	err = s.db.QueryRowContext(ctx, "SELECT id, password FROM users WHERE login = ?", strings.ToLower(strings.TrimSpace(login))).Scan(&id, &hashed)
	if errors.Is(err, sql.ErrNoRows) {
		_, _ = hashPassword(password, rounds)
		return "", ErrNotFound
	}
	if err != nil {
		return "", err
	}
	if !checkPassword(hashed, password) {
		return "", ErrNotFound
	}
	token = NewID() + NewID()
	now := s.now()
	err = s.change(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE expires <= ?", millis(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO sessions (token, user, csrf, expires) VALUES (?, ?, ?, ?)",
			hashToken(token), id, NewID(), millis(now.Add(length)))
		return err
	})
	return token, err
}

// Session returns the session of a cookie's token, ErrNotFound when there is
// none or it has ended.
func (s *Store) Session(ctx context.Context, token string) (*Session, error) {
	return first(ctx, s.db, func(row scanner) (*Session, error) {
		var v Session
		u := &v.User
		err := row.Scan(&v.CSRF, &u.ID, &u.Login, &u.Name, &u.Service.ID, &u.Service.Name, &u.Company, &u.CompanyName)
		if err != nil {
			return nil, err
		}
		u.Rights, err = s.rights(ctx, u.ID)
		return &v, err
	}, `SELECT sessions.csrf, users.id, login, users.name, ifnull(services.id, ''), ifnull(services.name, ''), ifnull(companies.id, ''), ifnull(companies.name, '')
		FROM sessions JOIN users ON users.id = sessions.user
		LEFT JOIN services ON services.id = users.service LEFT JOIN companies ON companies.id = users.company
		WHERE sessions.token = ? AND sessions.expires > ?`, hashToken(token), millis(s.now()))
}

func (s *Store) rights(ctx context.Context, user string) (map[string][]Power, error) {
	all := make(map[string][]Power)
	_, err := collect(ctx, s.db, func(row scanner) (_ struct{}, err error) {
		var service, power string
		err = row.Scan(&service, &power)
		all[service] = append(all[service], Power(power))
		return struct{}{}, err
	}, "SELECT service, power FROM rights WHERE user = ?", user)
	return all, err
}

// Logout ends a session.
func (s *Store) Logout(ctx context.Context, token string) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM sessions WHERE token = ?", hashToken(token))
	return err
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// hashPassword is PBKDF2-HMAC-SHA-512 as "rounds:salt:hash".
func hashPassword(password string, rounds int) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	return derive(password, salt, rounds)
}

func derive(password string, salt []byte, rounds int) (string, error) {
	key, err := pbkdf2.Key(sha512.New, password, salt, rounds, 32)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d:%x:%x", rounds, salt, key), nil
}

func checkPassword(hashed, password string) bool {
	parts := strings.Split(hashed, ":")
	if len(parts) != 3 {
		return false
	}
	rounds, err1 := strconv.Atoi(parts[0])
	salt, err2 := hex.DecodeString(parts[1])
	if err1 != nil || err2 != nil {
		return false
	}
	again, err := derive(password, salt, rounds)
	return err == nil && subtle.ConstantTimeCompare([]byte(again), []byte(hashed)) == 1
}
