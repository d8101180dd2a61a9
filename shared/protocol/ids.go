package protocol

// The extension's ids, one table: manifests, the host's check of its caller,
// packages and policies are made from it. Each value stands between quotes on
// one line, so that scripts/dist can build with others (-crx-key, -edge-id).

// ChromeKey is the extension's public key, the "key" of its manifest: standard
// base64 of a DER SubjectPublicKeyInfo (RSA-2048). It only fixes ChromeID; the
// private half signs nothing and was not kept.
const ChromeKey = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA9Ck8KdS2c3VC4/n44BZlZFTCQ2A3ApdrsUTAsd58oe3N3qAJ4agZDThRI2HJ86O95q5VMfylkj97lLPgxV7wJNu3MVrGc1LrR+AtrmAB2h9D1RMBdjBTfXUqfNEjLcOm38gsUbaIu1CwNH656MwvV19DxA1RLi9NyREnBGTWO+VyosvBWUXYew2SVZYqUTUtq6SjsjCPHbrZvjFwF4ez1HQ6LmW012BH8Va4rdVlQlyMnUbVwhDKdDSfFBxSCBNtPf8zA483KmuKQpUxuS8D00N/l0uu1UT/ZY08qAq4oxvF8BtI4lKaLFuwNq/PuWyCWm7lQYYZ4sjKfqFpbOqmdwIDAQAB"

// ChromeID is the extension's id in Chromium browsers: the first 16 bytes of
// SHA-256 of ChromeKey's bytes, written with the letters a to p for 0 to 15.
const ChromeID = "ndpdpcogkllnmgclgneefjffomopdbhh"

// EdgeID is the extension's id from Microsoft Edge Add-ons, which gives one of
// its own at the first upload; the store's is to be put here. Until then it is
// a placeholder that no key is known for, made like ChromeID from the text
// "Microsoft Edge Add-ons has given no id yet".
const EdgeID = "kgghpenkhnpfddpjfljgpifhfdjaodcj"

// ChromeOrigin is the extension's origin in Chromium browsers, as they pass it
// to the host and as its native-messaging manifest names it.
const ChromeOrigin = "chrome-extension://" + ChromeID + "/"

// EdgeOrigin is the origin of the extension from Edge's store.
const EdgeOrigin = "chrome-extension://" + EdgeID + "/"

// ChromiumOrigins are the origins that may start the host from a Chromium
// browser, in the order of native-messaging manifests: Edge takes extensions
// of both stores and of policies.
func ChromiumOrigins() []string { return []string{ChromeOrigin, EdgeOrigin} }

// FirefoxID is the extension's id in Firefox.
const FirefoxID = "scelle@scelle.example"
