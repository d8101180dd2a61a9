// Package threats is Scellé's threat model. It holds no code: its
// documentation says who may attack what, and names for each threat the tests
// that hold the answer, or why there is none. A test of this package sees to it
// that every test named here exists.
//
// # Who is trusted with what
//
// The browser is trusted with the origin of a page and with keeping extensions
// apart. The extension is trusted with the person's consent; the portal's page
// with what it shows and what the person hands over; the host with the use of
// private keys, within a consent; the store with the keys themselves. The
// administrator is trusted. A program that runs as the user is not kept out of
// anything that the user may do: it can use the keys that the store lets it
// use, and rewrite the user's journal. Caps, consent and the journal make that
// visible and slow, no more.
//
// Where a portal offers to seal without the extension, its page is trusted with
// the files and with whose keys they are sealed to. The person is told so, and
// has to ask for it: scripts/e2e.TestDepositedPliOpensWithOpenSSL.
//
// # Threats
//
// Tests are named by their folder; those of the extension's JavaScript by file
// and title. scripts/e2e.TestHostile carries out the attacks of rows 1 to 6, 15,
// 18, 28 and 35 that a browser can mount, each beside a control that shows the
// same means at work, in Chromium; scripts/e2e.TestFirefoxHostile carries out every
// one of them in Firefox, where the site was allowed by the browser's own prompt.
// One means is missing there: Firefox gives extensions no debugger, so that two
// attacks of the other extension are made without it.
//
//  1. A page uses the extension without a right. A grant for each origin, given
//     by a click, taken back on the options page; nothing without it.
//     extension/test/worker.test.js "a site that was not allowed learns nothing, whatever this computer holds",
//     "only secure sites, loopback in a demo build", "nobody else may ask";
//     extension/test/options.test.js "a known portal without the browser's permission, or not allowed by policy, is not served";
//     scripts/e2e.TestKnownPortals, scripts/e2e.TestPermissionPrompt; plain http, files, sandboxes and
//     frames in scripts/e2e.TestHostile.
//  2. Forged messages, stolen answers. Window, origin and top frame are checked;
//     the origin is the browser's; answers go to one document; the bridge's
//     nonce serves once, for the document that vouches for it.
//     extension/test/content.test.js "hears only the page itself, and only what has the right shape",
//     "the document vouches for the one bridge that it is starting, and for no other";
//     extension/test/worker.test.js "the origin is the browser's word, not the message's";
//     extension/test/sessions.test.js "a nonce serves once, in its document, for a while";
//     extension/test/bridge.test.js "a bridge elsewhere asks for nothing".
//  3. A script hole in the portal. Opened bytes and content keys stay in the
//     extension's own documents, unless the person hands the files over.
//     extension/test/content.test.js "envelopes and opened files pass through the bridge, not through messages";
//     wasm/internal/model.TestHandOverOnlyWhenOffered; hooks and heaps in scripts/e2e.TestHostile.
//  4. Clickjacking. Consent only in a top-level window of the extension, armed
//     500 ms after it is in sight, for trusted events, never the default. A page
//     that asks again and again neither hides the window nor keeps it from arming.
//     wasm/internal/model.TestConsentNeedsTimeAndTrust, wasm/internal/model.TestHiddenWindowArmsNothing,
//     wasm/internal/model.TestKeyButtonNeedsTimeAndTrust, scripts/e2e.TestKnownPortals,
//     extension/test/sessions.test.js "a page that asks without end does not raise its window without end, which would never arm";
//     by keyboard alone scripts/e2e.TestCasesTakeSixClicks.
//     The bridge draws nothing, so no visibility is watched there.
//  5. Other extensions. No external messages; one id may reach the host; no
//     screen lies in a page.
//     extension.TestGlueRules, extension.TestPowers, host/internal/serve.TestCallers.
//  6. A site counts certificates. The same answer to every site that was not
//     allowed; an allowed one hears of keys that it registered, and of a fault of
//     this computer its code, without the module, card or folder that it names.
//     shared/fault.TestDetailsOfThisComputerStayHere;
//     extension/test/content.test.js "what is wrong with this computer is a code to the page, wherever it stands";
//     extension/test/worker.test.js "keys.present speaks only of keys that this origin registered",
//     "keys.health looks only at keys that this origin registered, in the page's language",
//     "a page's status tells how the keys stand that it registered, and of no others";
//     wasm/internal/model.TestNothingForThisComputer, wasm/internal/model.TestVerifyTellsNothingBeforeConsent,
//     wasm/internal/model.TestRehearsal, wasm/internal/model.TestTransferTellsNoKey.
//  7. A local program drives the host. Only a browser's arguments of our
//     extension start it; nothing secret is on a command line.
//     host/internal/serve.TestCallers, host/internal/cli.TestServeIsForOurExtension,
//     host.TestOnlyBrowsersStartTheHost, host.TestAFloodTakesNoMemory, host/internal/serve.TestMutatedFrames,
//     host/internal/serve.TestALocalProgramMeetsTheCaps, host/internal/unwrap.TestRate. Outside a
//     consent a key serves proofs of possession alone, 60 a minute and connection:
//     host/internal/unwrap.TestOnlyAProofNeedsNoConsent. That a program can play the
//     browser, and begin a consent itself, is not prevented: see above.
//  8. RSA padding oracle. One answer whatever the padding; a synthetic key; caps.
//     host/internal/serve.TestUnwrapAnswersAreEqual, host/internal/unwrap.TestSynthetic,
//     host/internal/unwrap.TestTiming, shared/envelope.TestGuidanceVectors, shared/envelope.TestPKCS1Families.
//  9. CBC padding oracle. One answer, no partial file.
//     shared/envelope.TestPaddingFamilies, shared/envelope.TestPaddingOracleSeenFromOutside,
//     wasm/internal/model.TestUnauthenticatedChallengeIsNoOracle.
//  10. Foreign data is decrypted with our key. Recipients match byte by byte; a
//     consent names envelopes by the hash of their header.
//     shared/envelope.TestNotForYou, shared/envelope.TestRefusedBeforeTheKey, host/internal/unwrap.TestBatch,
//     wasm/internal/model.TestProofEnds.
//  11. Bytes are used before they are verified. Quarantine until every check passed.
//     wasm/crypto.TestUnreadable, host/internal/cli.TestARefusedEnvelopeLeavesNothing,
//     scripts/e2e.TestHostDiesDuringOpening, host.TestRefusalsAtTheEnd.
//  12. Short tags, odd nonces, a length that lies.
//     shared/envelope.TestRefusals, shared/envelope.TestNativeGCMAttributes, shared/envelope.TestWycheproofGCM.
//  13. Downgrade to a cipher that the type does not allow.
//     shared/envelope.TestDowngrade, shared/envelope.TestOpenSSLRefusedByName.
//  14. Weak algorithms are written. The writer knows none.
//     shared/envelope.TestWhatIsWritten, shared/envelope.TestSealRefuses.
//  15. Changed content without a tag. It is labelled and never drawn.
//     wasm/internal/view.TestGolden.
//  16. A pli with two faces. The first 68 bytes of every pli are fixed.
//     shared/pli.TestPrefixIs68FixedBytes, shared/envelope.TestKeyCommitment.
//  17. A bid is copied. Tender, lot and kind stand inside and are compared; equal
//     ciphertexts are named.
//     wasm/internal/model.TestAlteredAndTwinPlis, wasm/internal/model.TestPlisOfAnotherLotOrKind,
//     wasm/crypto.TestOtherTender, scripts/portal/internal/site.TestCopiedPli.
//  18. Opening too early. The portal gives no ciphertext before the deadline, a
//     transfer to other keys gets headers only, and a key that is used is in the
//     journal.
//     scripts/portal/internal/site.TestDeadline, host/internal/unwrap.TestEveryUseIsRecorded,
//     shared/signeddata.TestRefusesEarlyOpenings, scripts/portal/internal/site.TestTransfer.
//     Nor is anything sealed too late: wasm/crypto.TestSealAfterTheDeadline,
//     scripts/e2e.TestSignedLists. The record of an opening names who signed its
//     list: wasm/internal/model.TestRecordNamesTheSigner.
//  19. Bombs in BER and ASN.1. Depth and size are bounded, nothing recurses.
//     shared/cms.TestLimits, shared/cms.TestBudget, shared/cms.FuzzReader, host.TestRefusalsOfAGigabyte,
//     shared/signeddata.TestFence.
//  20. Huge plis. Memory does not grow with them; GCM stops at its limit.
//     shared/envelope.TestFlatMemory, shared/envelope.TestGCMStops, scripts/e2e.TestOneGiB.
//  21. Recipient tricks. Two operations for each envelope, in extension and host.
//     wasm/internal/model.TestTwoTriesPerPli, host/internal/unwrap.TestBatchLimits, shared/envelope.TestTwoTries.
//  22. Points off the curve.
//     shared/envelope.TestInvalidPoints, shared/envelope.TestWycheproofECDH, shared/keypair.TestPointOffTheCurve.
//  23. PKCS#12 bombs, and files without their MAC.
//     shared/pkcs12x.TestIterationBombs, shared/pkcs12x.TestIterationsAddUp, shared/pkcs12x.TestRefused.
//  24. A planted root certificate. The store gets a re-made file with one pair.
//     shared/pkcs12x.TestPlantedCertificates, shared/pkcs12x.TestEncode.
//  25. Weak or mismatched keys.
//     shared/pkcs12x.TestReadKey, shared/keypair.TestUnusualRSAKeys, host/internal/serve.TestAPortalsPairMustBeGood.
//  26. The key is exported. No verb of the host exports what a store has; Windows' store keeps it.
//     host/internal/serve.TestOnlyTheHostsMethods, host/internal/keystore/capi.TestConformance. The NSS
//     database gives keys to the user's other tools: no attribute prevents it.
//  27. The portal keeps a copy of a key that it made. Made here is the default,
//     the other way carries a warning, and both need a proof of possession.
//     wasm/internal/model.TestServerKeyMustBeTheAnnouncedOne, scripts/portal/internal/site.TestProofOfAnotherKey.
//     That the portal forgot the key cannot be proven from here.
//  28. A password leaks. That of a portal's key pair is made of a one-time
//     certificate and is never typed, shown or passed as an argument. A PIN is
//     asked for by a program of the computer; only where an administrator allows
//     it, and none can ask, by the extension's window, which passes it to the
//     host alone but leaves strings in the browser that nobody can wipe.
//     The words of a key's backup are shown in the assistant's window alone, and
//     in no file. scripts/e2e.TestHostile and scripts/e2e.TestFirefoxSettledSaving
//     look for PINs and passwords in the host's memory after their use, as does
//     host.TestTheHostForgetsPasswords; and in pages, logs, the journal, the portal's
//     disk, and the command line and environment of every process.
//     host/internal/serve.TestWordsAreWipedOnTheirWay, scripts/e2e.TestCasesTakeSixClicks,
//     host.TestPasswordOnTheTerminal, scripts/portal/internal/site.TestPrivateKeyIsForgotten,
//     host/internal/wire.TestFramesAreWiped, host/internal/serve.TestTheFrameForgetsThePIN,
//     host/internal/serve.TestPINIsForbidden, scripts/e2e.TestSignedLists.
//  29. A hijacked update. The host has no network code, opens no socket and is
//     kept from the network; browsers update the extension.
//     host.TestNoNetworkIsLinked, host.TestTheConfinedHost, host/internal/confine.TestConfined,
//     host.TestTheHostOpensNoSocket, scripts/archtest.TestHostLinksNoNetwork.
//  30. Planted libraries and modules. Places that only administrators can write;
//     variables that name modules are dropped.
//     host.TestForeignCodeIsNotChosen, host/internal/keystore/pkcs11.TestRegisteredByOthers,
//     host/internal/managed.TestNotTrusted, host/internal/install.TestExposedProgram.
//     On Windows libraries come from the system's folder:
//     scripts/archtest.TestWindowsLibrariesAreTheSystems.
//  31. Smuggled frames, noise on the output.
//     host/internal/wire.TestReaderRefuses, host/internal/wire.FuzzReader, host/internal/wire.TestGuardKeepsFramesClean,
//     scripts/nmclient.TestNoHiddenMessage.
//  32. A crash as a denial. Every handler and every callback recovers.
//     host/internal/serve.TestAPanicIsOneFault, wasm/internal/bridge.TestPanicInCallback,
//     wasm/internal/dom.TestMountSurvivesAPanic, shared/signeddata.TestPanicIsARefusal.
//  33. One odd certificate hides the others.
//     shared/keypair.TestOddCertificates, shared/keypair.FuzzParse, host/internal/serve.TestListPages.
//  34. Expired keys open, and are not registered.
//     wasm/internal/model.TestOnlyUsableCertificatesCanBeChosen, shared/keypair.TestEdgesOfValidity,
//     scripts/portal/internal/site.TestExpiredKeys.
//  35. Logs tell of people. The journal has hashes, times and origins only.
//     host/internal/unwrap.TestJournalIsNoOracle, host/internal/journal.TestUsesAreKept, host/internal/cli.TestJournal.
//     What was cut out or changed shows, and without a journal no key is used:
//     host/internal/journal.TestDamageIsFound, host/internal/journal.TestFullDisk,
//     host/internal/journal.TestUnwritable, host/internal/unwrap.TestNoUseWithoutJournal.
//  36. The supply chain. Pinned modules, a bill of materials, the same bytes twice.
//     scripts/archtest.TestDirectDependencies, scripts/dist.TestBillOfMaterials, scripts/dist.TestSameBytesTwice.
//     That two people review the host is a rule for its maintainers, which no test holds.
//  37. A transfer hands plis to a stranger, or strands them. Plis and keys come
//     from a signed list alone; the portal takes a content key for its own active
//     keys only, reads the new file again before it replaces the old one, and
//     keeps the old header. That the content key is the right one can be tried on
//     the content only, which before the deadline nobody gets.
//     wasm/internal/model.TestTransferNeedsItsList, wasm/internal/model.TestTransferIsolates,
//     wasm/crypto.TestRewrapRefuses, scripts/portal/internal/site.TestTransferIsRefused,
//     scripts/portal/internal/site.TestTransferTargets, scripts/portal/internal/site.TestTransferKeepsGoodKeys.
//
// Look-alike names of portals belong to no row: wasm/internal/model.TestSites,
// wasm/internal/model.TestMixedScripts and wasm/internal/model.TestResemblance.
package threats
