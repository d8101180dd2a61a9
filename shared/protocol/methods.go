// Package protocol is the one declaration of every message that crosses a
// boundary of Scellé: page, content script, worker, extension documents, host.
//
// [Methods] is the table that everything else follows: the allow-lists of
// content script, worker and host, the JavaScript constants, the TypeScript
// types and the tables of PROTOCOL.md are generated from it and from the
// structs it names (go run ./scripts/genproto). A name is never composed or
// typed a second time.
package protocol

import "reflect"

// Party is an end of a message.
type Party string

// The parties. Page is the portal's own script (scelle.js); Bridge is the
// extension's iframe in the page, Worker the extension's service worker or
// background script, App the extension's top-level documents (popup,
// assistant, offline page), Host the native-messaging host.
const (
	Page   Party = "page"
	Bridge Party = "bridge"
	Worker Party = "worker"
	App    Party = "app"
	Host   Party = "host"
)

// Method is a request's name on the wire.
type Method string

// The methods.
const (
	Status      Method = "status"
	KeysPresent Method = "keys.present"
	KeysAdd     Method = "keys.add"
	KeysHealth  Method = "keys.health"
	KeysVerify  Method = "keys.verify"
	PliOpen     Method = "pli.open"
	PliSeal     Method = "pli.seal"
	PliRelease  Method = "pli.release"

	PliRecipients Method = "pli.recipients"
	PliRehearse   Method = "pli.rehearse"
	PliRewrap     Method = "pli.rewrap"

	BridgeAttach Method = "bridge.attach"
	BridgeVerify Method = "bridge.verify"

	SessionGet    Method = "session.get"
	SessionFinish Method = "session.finish"
	SiteState     Method = "site.state"
	SiteAllow     Method = "site.allow"
	SiteForget    Method = "site.forget"
	SiteRemember  Method = "site.remember"
	UpdateCheck   Method = "update.check"
	UpdateFetch   Method = "update.fetch"
	SiteTrust     Method = "site.trust"
	SitePin       Method = "site.pin"
	SiteSeen      Method = "site.seen"

	OptionsGet      Method = "options.get"
	OptionsLanguage Method = "options.language"

	HostHello       Method = "host.hello"
	HostStatus      Method = "host.status"
	HostDoctor      Method = "host.doctor"
	HostList        Method = "host.keys.list"
	HostCertificate Method = "host.keys.certificate"
	HostPresent     Method = "host.keys.present"
	HostHealth      Method = "host.keys.health"
	HostGenerate    Method = "host.keys.generate"
	HostTransport   Method = "host.transport.begin"
	HostImport      Method = "host.keys.import"
	HostBackupTest  Method = "host.backup.test"
	HostRestore     Method = "host.backup.restore"
	HostUnwrap      Method = "host.keys.unwrap"
	HostBatchBegin  Method = "host.batch.begin"
	HostBatchEnd    Method = "host.batch.end"
	HostPINAwait    Method = "host.pin.await"
	HostPINAnswer   Method = "host.pin.answer"
)

// Spec is one row of the table: who may send a method, who answers it, and
// with which structs.
type Spec struct {
	Method Method
	From   []Party
	To     Party
	Params reflect.Type
	Result reflect.Type
	Doc    string
}

func row[P, R any](m Method, to Party, doc string, from ...Party) Spec {
	return Spec{Method: m, From: from, To: to, Params: reflect.TypeFor[P](), Result: reflect.TypeFor[R](), Doc: doc}
}

// Methods returns the table, in the order of the documentation. A method that
// is not in it does not exist; a party that is not in From may not send it.
func Methods() []Spec {
	return []Spec{
		row[Empty, StatusResult](Status, Worker, "What works on this computer, in three facts: extension, host, store.", Page, App),
		row[PresentParams, PresentResult](KeysPresent, Worker, "Which of the keys that this origin registered have their private key on this computer.", Page),
		row[AddParams, AddResult](KeysAdd, App, "Opens the assistant to register a key pair, or to finish a registration.", Page),
		row[HealthParams, HealthResult](KeysHealth, Worker, "How registered keys stand: expiry, proof, and for those that this origin registered whether they are on this computer.", Page),
		row[VerifyKeysParams, VerifyKeysResult](KeysVerify, App, "Opens the assistant to prove again that this computer has the private keys of a service.", Page),
		row[OpenParams, OpenResult](PliOpen, App, "Opens the assistant to open plis with a private key of this computer.", Page),
		row[RehearseParams, RehearseResult](PliRehearse, App, "Opens the assistant to rehearse an opening: a test pli is sealed to the keys of a tender and opened with those of this computer.", Page),
		row[RewrapParams, RewrapResult](PliRewrap, App, "Opens the assistant to give plis to other keys: only content keys are wrapped again, no content is shown.", Page),
		row[SealParams, SealResult](PliSeal, Bridge, "Seals files to recipients, in the page, without the host.", Page),
		row[RecipientsParams, RecipientsResult](PliRecipients, Bridge, "Who would receive a pli: verifies the signed list as sealing does.", Page),
		row[ReleaseParams, Empty](PliRelease, Bridge, "Deletes a sealed file that the page no longer needs.", Page),

		row[Empty, AttachResult](BridgeAttach, Worker, "A one-use nonce that binds a bridge iframe to the content script's document.", Page),
		row[VerifyParams, VerifyResult](BridgeVerify, Worker, "The origin that a bridge's nonce is bound to; spends the nonce.", Bridge),

		row[SessionParams, SessionResult](SessionGet, Worker, "What an assistant window was opened for.", App),
		row[FinishParams, Empty](SessionFinish, Worker, "Ends a session: its outcome goes to the page that asked, if it is still there.", App),
		row[SiteParams, SiteResult](SiteState, Worker, "Whether a site is allowed, and what it did last.", App),
		row[SiteParams, SiteResult](SiteAllow, Worker, "Starts serving a site whose host permission was just granted, in open tabs too.", App),
		row[SiteParams, SiteResult](SiteForget, Worker, "Stops serving a site and removes its permission.", App),
		row[RememberParams, Empty](SiteRemember, Worker, "Notes a key as registered by a site, so that keys.present answers for it.", App),
		row[Empty, UpdateResult](UpdateCheck, Worker, "Asks the publisher's address for a newer host now.", App),
		row[UpdateFetchParams, UpdatePackage](UpdateFetch, Worker, "Fetches the newer host's package, checks it against the signed manifest and puts it into quarantine.", App),
		row[SiteParams, TrustResult](SiteTrust, Worker, "Which keys may sign a site's lists, and what unsigned ones are worth.", Bridge, App),
		row[PinParams, Empty](SitePin, Worker, "Keeps the first key that signed a list of a site; another one is refused.", Bridge, App),
		row[SiteParams, SiteResult](SiteSeen, Worker, "Notes that the person has seen which key was kept for a site.", App),
		row[Empty, OptionsResult](OptionsGet, Worker, "Every site that was allowed, what an administrator or this build settled, and the language.", App),
		row[LanguageParams, Empty](OptionsLanguage, Worker, "Chooses the language of the extension's own screens.", App),

		row[HelloParams, HelloResult](HostHello, Host, "First message on every connection: versions of both sides.", App, Worker),
		row[Empty, HostStatusResult](HostStatus, Host, "State of each store.", App, Worker),
		row[Empty, DoctorResult](HostDoctor, Host, "Looks at this computer with the checks of `scelle doctor`.", App),
		row[ListParams, ListResult](HostList, Host, "Certificates of this computer, page by page.", App),
		row[CertificateParams, CertificateResult](HostCertificate, Host, "One public certificate.", App),
		row[PresentParams, HostPresentResult](HostPresent, Host, "Which of these certificates have their private key in a store.", App, Worker),
		row[HostHealthParams, HealthResult](HostHealth, Host, "How keys stand, in words.", Worker),
		row[GenerateParams, KeyResult](HostGenerate, Host, "Makes a key pair on this computer.", App),
		row[Empty, TransportResult](HostTransport, Host, "A one-time certificate to which a portal seals a key pair.", App),
		row[ImportParams, KeyResult](HostImport, Host, "Opens a key pair that a portal sealed to a one-time certificate and stores it.", App),
		row[BackupTestParams, BackupTestResult](HostBackupTest, Host, "Whether the protected copy of a key pair opens; stores nothing.", App),
		row[BackupRestoreParams, KeyResult](HostRestore, Host, "Stores the key pair of a protected copy.", App),
		row[UnwrapParams, UnwrapResult](HostUnwrap, Host, "Opens one content-encryption key.", App),
		row[BatchParams, BatchResult](HostBatchBegin, Host, "Tells the host what a person consented to open.", App),
		row[BatchEndParams, BatchEndResult](HostBatchEnd, Host, "Ends a consent before its time.", App),
		row[Empty, PINQuestion](HostPINAwait, Host, "Waits until another request of this connection needs a PIN or a password, and tells what to ask (HelloResult.asksPin).", App),
		row[PINAnswerParams, Empty](HostPINAnswer, Host, "What the person typed, or that she cancelled; only while that question waits.", App),
	}
}

// Find returns the row of a method.
func Find(m Method) (Spec, bool) {
	for _, s := range Methods() {
		if s.Method == m {
			return s, true
		}
	}
	return Spec{}, false
}

// Allows reports whether a party may send this method.
func (s Spec) Allows(p Party) bool {
	for _, f := range s.From {
		if f == p {
			return true
		}
	}
	return false
}
