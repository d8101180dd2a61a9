// Package envelope seals and opens plis: one envelope is one CMS object that
// any CMS program can open as well.
//
// [Seal] encrypts a stream to recipients, [Open] decrypts one, [Inspect] shows
// a header without any key, [Rewrap] changes the recipients and leaves the
// content as it is. Memory does not grow with the content. Algorithms, the
// cipher ([ContentCipher]) and the private key ([KeyUnwrapper]) are arguments;
// the package has no state.
//
// # Unauthenticated bytes
//
// Open writes plaintext as it comes, before the authentication tag at the end
// of the envelope could be checked: that is what one pass in constant memory
// means. The destination is a QUARANTINE. Its content must not be looked at,
// handed on or given its final name unless Open returned a nil error, and is
// to be removed in every other case.
//
// # Refusals
//
// Whatever goes wrong with a decryption is fault.EnvelopeUnreadable, with no
// hint at the cause. Codes that say more (fault.EnvelopeMalformed,
// fault.EnvelopeUnsupported, fault.EnvelopeNotForYou, fault.EnvelopeTooLarge)
// depend only on what everyone can read in the header.
package envelope
