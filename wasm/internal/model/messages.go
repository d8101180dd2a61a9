package model

import "scelle/shared/protocol"

// What a person or the runtime can tell a screen. Trusted is the browser's
// word that a person acted, not a script; messages that use a private key or
// change a permission are ignored without it.
type (
	// Refresh looks again at everything (popup).
	Refresh struct{}
	// AllowSite asks the browser for the current site's permission (popup).
	AllowSite struct{ Trusted bool }
	// ForgetSite stops serving the current site (popup).
	ForgetSite struct{ Trusted bool }
	// SeenListKey puts away the notice of a site's new key (popup).
	SeenListKey struct{ Trusted bool }
	// FetchUpdate brings the newer host's package (popup).
	FetchUpdate struct{ Trusted bool }
	// RevokeSite stops serving one of the sites (options page).
	RevokeSite struct {
		Origin  string
		Trusted bool
	}
	// ChooseLanguage chooses the language of the screens, "" for the browser's
	// (options page).
	ChooseLanguage struct{ Language string }
	// OpenOptionsPage opens the list of sites and the settings (popup).
	OpenOptionsPage struct{}
	// OpenOfflinePage opens the page for plis without a portal (popup).
	OpenOfflinePage struct{}

	// SetName changes the key's name.
	SetName struct{ Name string }
	// SetRecovery says whether the key is a recovery key.
	SetRecovery struct{ On bool }
	// SetMode chooses where the key comes from.
	SetMode struct{ Mode protocol.Mode }
	// SetCommonName changes the name in the new certificate.
	SetCommonName struct{ CommonName string }
	// SetFilter narrows the list of certificates.
	SetFilter struct{ Filter string }
	// ChooseCertificate chooses an existing certificate by thumbprint.
	ChooseCertificate struct{ Thumbprint string }
	// NextStep goes from the name to the mode.
	NextStep struct{}
	// Back goes to the previous step, or from a failure to the form.
	Back struct{}
	// Register starts or finishes a registration: it uses the private key.
	Register struct{ Trusted bool }

	// Deliver chooses what becomes of the opened files.
	Deliver struct{ To Delivery }
	// ChooseFolder lets the person choose where the opened files go.
	ChooseFolder struct{}
	// Consent opens the plis: it uses the private key.
	Consent struct{ Trusted bool }
	// Pause lets an opening rest after the pli in work.
	Pause struct{}
	// Continue goes on after a pause.
	Continue struct{}
	// PickFiles lets the person pick files (offline page).
	PickFiles struct{}
	// FilesDropped are files that the person dropped on the page (offline
	// page); the runtime sends it.
	FilesDropped struct{ Files []FileRef }

	// Retry goes on from the step that failed.
	Retry struct{}
	// Cancel gives up what is under way and closes the window.
	Cancel struct{}
	// Close closes the window, after the outcome.
	Close struct{}
	// PageCancelled says that the page gave up its request; the runtime sends
	// it when the content script says so.
	PageCancelled struct{}
	// Raised says that the window came to the front or into sight: a button
	// that uses a private key waits again, since the click that comes may have
	// been meant for what was there before.
	Raised struct{}
	// Lowered says that the window is out of sight: no button that uses a
	// private key works until it is Raised again.
	Lowered struct{}
)
