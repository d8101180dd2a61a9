package protocol

// RewrapParams asks for plis to be given to other keys. Everything about it is
// in TransferList, the portal's signed list (package signeddata): the plis, the
// key that opens them now, and the keys that will.
type RewrapParams struct {
	TransferList []byte `json:"transferList"`
	Title        string `json:"title,omitempty"` // of the tender, or of all of them
}

// ReplaceRecipientsArgs is the argument of the page's replaceRecipients: the
// content key of one pli, wrapped to each of the new keys. The portal puts them
// into the header that it has, in the place of the old key's, and leaves the
// encrypted content as it is. Header is the hex SHA-256 of the header that the
// content key was taken from. Verified says that the content was there and that
// its tag is right under this content key; before the deadline it is not, since
// the page then gives no more than the header.
type ReplaceRecipientsArgs struct {
	ID         string         `json:"id"`
	Header     string         `json:"header"`
	From       string         `json:"from"` // thumbprint of the key whose place is taken
	Recipients []NewRecipient `json:"recipients"`
	Verified   bool           `json:"verified"`
}

// NewRecipient is one RecipientInfo (RFC 5652 6.2) for a certificate.
type NewRecipient struct {
	Thumbprint    string `json:"thumbprint"`
	RecipientInfo []byte `json:"recipientInfo"` // DER
}

// RewrapResult tells the page the outcome of each pli, in the order of the
// signed list.
type RewrapResult struct {
	Plis []RewrappedPli `json:"plis"`
	List ListCheck      `json:"list"`
}

// RewrappedPli is one outcome. Done says that the portal took the new
// recipients.
type RewrappedPli struct {
	ID       string `json:"id"`
	Done     bool   `json:"done"`
	Verified bool   `json:"verified,omitempty"` // see ReplaceRecipientsArgs
	Fault    *Fault `json:"fault,omitempty"`
}
