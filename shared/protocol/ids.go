package protocol

// ChromeKey is the extension's public key, the "key" of its manifest: standard
// base64 of a DER SubjectPublicKeyInfo (RSA-2048). It only fixes ChromeID; the
// private half signs nothing and was not kept.
const ChromeKey = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA9Ck8KdS2c3VC4/n44BZlZFTCQ2A3ApdrsUTAsd58oe3N3qAJ4agZDThRI2HJ86O95q5VMfylkj97lLPgxV7wJNu3MVrGc1LrR+AtrmAB2h9D1RMBdjBTfXUqfNEjLcOm38gsUbaIu1CwNH656MwvV19DxA1RLi9NyREnBGTWO+VyosvBWUXYew2SVZYqUTUtq6SjsjCPHbrZvjFwF4ez1HQ6LmW012BH8Va4rdVlQlyMnUbVwhDKdDSfFBxSCBNtPf8zA483KmuKQpUxuS8D00N/l0uu1UT/ZY08qAq4oxvF8BtI4lKaLFuwNq/PuWyCWm7lQYYZ4sjKfqFpbOqmdwIDAQAB"

// ChromeID is the extension's id in Chromium browsers: the first 16 bytes of
// SHA-256 of ChromeKey's bytes, written with the letters a to p for 0 to 15.
const ChromeID = "ndpdpcogkllnmgclgneefjffomopdbhh"

// ChromeOrigin is the extension's origin in Chromium browsers, as they pass it
// to the host and as its native-messaging manifest names it.
const ChromeOrigin = "chrome-extension://" + ChromeID + "/"

// FirefoxID is the extension's id in Firefox.
const FirefoxID = "scelle@scelle.example"
