package keystore

import "context"

// Purpose is why a key is about to be used, for the person who is asked for
// its PIN. Both are shown as they are and may be "" when unknown.
type Purpose struct {
	Origin string // who asked: "https://portail.example"
	Action string // what for: a verb of the protocol ("open"), or words in the person's language
}

type purposeKey struct{}

// WithPurpose returns a context that tells stores which prompt why.
func WithPurpose(ctx context.Context, p Purpose) context.Context {
	return context.WithValue(ctx, purposeKey{}, p)
}

// PurposeOf returns what WithPurpose put there, or nothing.
func PurposeOf(ctx context.Context) Purpose {
	p, _ := ctx.Value(purposeKey{}).(Purpose)
	return p
}
