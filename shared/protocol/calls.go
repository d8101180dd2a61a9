package protocol

import "reflect"

// CallSpec is one row of the table of calls: what the extension gives a
// page's function and what that function answers with.
type CallSpec struct {
	Call   Call
	Args   reflect.Type
	Result reflect.Type // Empty where the answer's value is not looked at
	Blob   bool         // the answer is a Blob, File or Response instead of JSON
	Files  bool         // File objects stand beside the arguments
	Doc    string
}

func call[A, R any](c Call, doc string) CallSpec {
	return CallSpec{Call: c, Args: reflect.TypeFor[A](), Result: reflect.TypeFor[R](), Doc: doc}
}

// Calls returns the table of the functions that a page passes in, in the
// order of the documentation.
func Calls() []CallSpec {
	fetch := call[FetchEnvelopeArgs, Empty](CallFetchEnvelope, "Delivers the bytes of one pli.")
	fetch.Blob = true
	receive := call[ReceiveOpenedArgs, Empty](CallReceiveOpened, "Takes the opened files of one pli, when the person chose to hand them over.")
	receive.Files = true
	return []CallSpec{
		call[SubmitCertificateArgs, Registration](CallSubmitCertificate, "Registers a public certificate; the same one twice is the same registration."),
		call[RequestServerKeyArgs, ServerKey](CallRequestServerKey, "Has the portal make a key pair and seal it to a one-time certificate."),
		call[RequestChallengeArgs, Challenge](CallRequestChallenge, "Asks for a proof-of-possession challenge."),
		call[SubmitProofArgs, Registration](CallSubmitProof, "Answers a challenge; a right answer activates the key."),
		call[DiscardArgs, Registration](CallDiscard, "Gives a registration up."),
		fetch,
		receive,
		call[OpenedPli, Empty](CallReportOpened, "Learns the outcome of one pli as soon as it is known, so that an opening that is interrupted goes on where it stopped."),
		call[OpeningRecord, Empty](CallReceiveRecord, "Takes the record of the opening, at its end."),
		call[ReplaceRecipientsArgs, Empty](CallReplaceRecipients, "Takes the content key of one pli as it was wrapped to new keys; the same one twice is one change."),
	}
}
