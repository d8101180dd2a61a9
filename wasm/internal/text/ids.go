package text

// ID names one text of the catalogue. The zero ID is no text.
type ID int

// The texts, by screen. Names say what a text is for; what it says stands in
// fr.go and en.go, one line each. Names that end in One and Many are the two
// plural forms of one text.
const (
	none ID = iota

	// General.
	FaultCode
	OriginLabel
	OriginReadable
	OriginLookAlike
	OriginAddress
	Cancel
	Close
	Back
	Next
	Retry
	Refresh
	Stop
	MoreInfo
	StepOf
	ProgressLabel
	BrokenTitle

	// The popup: three facts, keys, site.
	StatusOnline
	StatusOffline
	StatusNoStore
	StatusChecking
	FactsTitle
	FactExtension
	FactHost
	FactStore
	FactVersion
	FactWaiting
	FactUnknown
	FactOffline
	FactReady
	FactNotReady
	StoreKeysOne
	StoreKeysMany
	StoreReadOnly
	StoreLocked
	StoreFailed
	InstallNothingToLaunch
	InstallFrom
	InstallWindows
	InstallMac
	InstallLinux
	SiteTitle
	SiteNone
	SiteNotAllowed
	SiteRefused
	SiteAllow
	SiteAllowed
	SiteForget
	SiteKeysOne
	SiteKeysMany
	KeysTitle
	KeysNone
	KeysUnknown
	ListHole
	CertIssuer
	ExpiresOn
	Expired
	DaysLeftOne
	DaysLeftMany
	OpenOffline
	HelpTitle
	HelpAllow
	HelpKeys
	HelpPrivacy
	HelpSupport
	VersionLine

	// Adding a key.
	AddTitle
	AddChecking
	AddStepName
	AddStepMode
	AddRunningTitle
	AddFailedTitle
	AddDoneTitle
	ServiceLine
	NameLabel
	NameHelp
	RecoveryLabel
	RecoveryHelp
	StaleAttempt
	ModeLegend
	ModeLocal
	ModeLocalHelp
	Recommended
	ModeExisting
	ModeExistingHelp
	ModeServer
	ModeServerHelp
	ServerCopies
	CommonNameLabel
	CommonNameHelp
	RegisterKey
	ListLoading
	ListNone
	ListLegend
	ChoiceMissing
	FilterLabel
	FilterCount
	FilterNone
	CertKey
	CertCommonName
	CertIssuerLabel
	CertExpiryLabel
	CertFingerprint
	WarnAlsoSigns
	WarnSelfSigned
	WarnSHA1
	WayOut
	WayOutButton
	StepRead
	StepGenerate
	StepTransport
	StepRequest
	StepImport
	StepSubmit
	StepProof
	StepTodo
	StepNow
	StepDone
	StepBad
	RunningSafe
	NothingRegistered
	PendingProof
	PendingImport
	ChangeForm
	AddDone
	AddDoneRecovery
	AddDoneLocal
	ResumeTitle
	ResumeIntro
	ResumeFinish

	// Opening plis.
	OpenTitle
	OpenLoading
	OpenRunning
	OpenFailed
	NothingOpened
	OpenPliOf
	BytesOf
	Stopping
	ConsentTitleOne
	ConsentTitleMany
	ConsentKeysOne
	ConsentKeysMany
	ConsentPlis
	ConsentNote
	OpenButtonOne
	OpenButtonMany
	LeftOne
	LeftMany
	TenderLine
	DeliverLegend
	DeliverDownloads
	DeliverDownloadsHelp
	DeliverPortal
	DeliverPortalHelp
	DeliverDownloadsOnly
	DeliverPortalOnly
	OfflineForbidden
	Authenticated
	NotAuthenticated
	ResultsTitle
	ResultLine
	RetryFromPortal
	SavedTo
	HandedOver
	ForeignContent
	AlteredPli
	MisplacedPli
	KindCandidature
	KindOffre
	LotOf
	DepositedBy
	SealedOn
	TwinPli
	Fingerprints
	EnvelopeDigest
	ContentDigest
	OfflineTitle
	OfflineIntro
	OfflinePick
	OfflineMore
	OfflineDrop
	OfflineTooMany

	count // of the IDs above
)
