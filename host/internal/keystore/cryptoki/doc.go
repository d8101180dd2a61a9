// Package cryptoki is what the stores that speak PKCS#11 do alike: looking for
// objects, reading them, and the mechanisms that unwrap content keys. What
// their modules differ in (sessions, logins, the meaning of errors) stays with
// them.
package cryptoki
