package protocol

// OptionsResult is what the options page shows.
type OptionsResult struct {
	Sites []SiteEntry `json:"sites"` // by origin
	// Portals are the only sites that the administrator allows, as patterns of
	// shared/policy; Settled says that there is such a list, even an empty one.
	Portals []string `json:"portals"`
	Settled bool     `json:"settled,omitempty"`
	// Bad names a setting of the administrator's that cannot be read. Then no
	// site is served.
	Bad string `json:"bad,omitempty"`
	// Language is the person's choice, "fr", "en" or "" for the browser's.
	Language string `json:"language"`
	// LanguageSettled is the administrator's, which comes first.
	LanguageSettled string `json:"languageSettled,omitempty"`
}

// SiteEntry is one site that was allowed.
type SiteEntry struct {
	Origin  string `json:"origin"`
	Allowed bool   `json:"allowed"` // it is served now
	// Known says that this build of the extension names it: it needed no
	// prompt, and the browser's permission cannot be given back by itself.
	Known bool `json:"known,omitempty"`
	// Revoked says that the person does not want a known site to be served.
	Revoked bool `json:"revoked,omitempty"`
	// Forbidden says that the administrator does not allow it any more.
	Forbidden bool      `json:"forbidden,omitempty"`
	Since     string    `json:"since,omitempty"`      // RFC 3339
	LastUse   string    `json:"lastUse,omitempty"`    // RFC 3339
	LastVerb  Method    `json:"lastMethod,omitempty"` // what it asked for then
	Keys      []SiteKey `json:"keys"`                 // registered from this browser, oldest first
}

// SiteKey is a key that a site registered, by its certificate's thumbprint.
type SiteKey struct {
	Thumbprint string `json:"thumbprint"`
	Since      string `json:"since"`            // RFC 3339
	Proven     string `json:"proven,omitempty"` // RFC 3339, its last proof of possession from this browser
	Mode       Mode   `json:"mode,omitempty"`   // where the pair came from, where that is known
}

// LanguageParams is "fr", "en" or "" for the browser's.
type LanguageParams struct {
	Language string `json:"language"`
}
