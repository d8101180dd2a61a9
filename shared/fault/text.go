package fault

// The texts of the codes stand in one table, group by group, each code with
// what happened and what to do about it, in French and in English. Rules for
// them: the first text says what happened in one sentence and blames nobody;
// the remedy says what to do now and what stays safe. People who write plis
// read them, so no code, no stack and no jargon. French has its no-break
// spaces (before : and inside guillemets U+00A0, before ; ! ? U+202F) and
// typographic apostrophes; a test holds both languages to that.

// entry is one code with its texts. The tables are read only.
type entry struct {
	code     Code
	group    Group
	fr       string
	frRemedy string
	en       string
	enRemedy string
}

// tables returns the entries in the order of the documentation, group by group.
func tables() [][]entry {
	return [][]entry{setupTexts, storeTexts, keyTexts, envelopeTexts, flowTexts, developerTexts}
}

// Codes returns every code, in the order of the documentation.
func Codes() []Code {
	var codes []Code
	for _, table := range tables() {
		for _, e := range table {
			codes = append(codes, e.code)
		}
	}
	return codes
}

// Known reports whether the code is one of Codes.
func (c Code) Known() bool {
	_, ok := c.find()
	return ok
}

// Group says who can put this failure right. A code that is not known, which
// a newer peer may send, counts as Developer.
func (c Code) Group() Group { return c.entry().group }

// DetailForPages reports whether the detail of this fault may be told to a page.
// Where what is wrong lies in what the page itself gave, the detail helps whoever
// wrote it. That of a fault of this computer (its program, its stores, its keys
// and certificates, its files) may name a module's path, a card or a folder, and
// stays in the extension's own windows: of those a page learns the code.
func (c Code) DetailForPages() bool {
	switch c {
	case ReadFailed, WriteFailed, FileExists, DiskFull, SavingForbidden, TransportFailed, Timeout, Internal:
		return false
	}
	switch e, known := c.find(); e.group {
	case Envelope, Flow, Developer:
		return known
	}
	return false
}

// Text says in one sentence what happened, in "fr" or else in English. A code
// that is not known has the text of Internal.
func (c Code) Text(lang string) string {
	if lang == "fr" {
		return c.entry().fr
	}
	return c.entry().en
}

// Remedy says what to do next, in "fr" or else in English. A code that is not
// known has the remedy of Internal.
func (c Code) Remedy(lang string) string {
	if lang == "fr" {
		return c.entry().frRemedy
	}
	return c.entry().enRemedy
}

func (c Code) entry() entry {
	if e, ok := c.find(); ok {
		return e
	}
	e, _ := Internal.find()
	return e
}

func (c Code) find() (entry, bool) {
	for _, table := range tables() {
		for _, e := range table {
			if e.code == c {
				return e, true
			}
		}
	}
	return entry{}, false
}
