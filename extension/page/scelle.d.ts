// Types of scelle.js. Bytes are base64 strings in every argument and answer;
// files are File and Blob objects.
import type {
  AddParams,
  AddResult,
  Challenge,
  DiscardArgs,
  Fault,
  FetchEnvelopeArgs,
  HealthResult,
  OpenedPli,
  OpeningRecord,
  OpenPli,
  OpenResult,
  PliFile,
  PresentResult,
  ReceiveOpenedArgs,
  RecipientsParams,
  RecipientsResult,
  RehearseParams,
  RehearseResult,
  ReplaceRecipientsArgs,
  RewrapParams,
  RewrapResult,
  Registration,
  RequestChallengeArgs,
  RequestServerKeyArgs,
  SealParams,
  SealResult,
  ServerKey,
  ServiceKey,
  StatusResult,
  SubmitCertificateArgs,
  SubmitProofArgs,
  VerifyKeysParams,
  VerifyKeysResult,
} from "./messages.js";

export type * from "./messages.js";

/** A value or the promise of one. */
type Awaitable<T> = T | Promise<T>;

/** How far a request is: the newest of what comes within 200 ms, so that a short step may be left out. `total` is 0 where it is not known. */
export interface Progress {
  step: string;
  done: number;
  total: number;
}

interface Running {
  onProgress?: (progress: Progress) => void;
  /** Aborting rejects with the code "cancelled" and closes what was opened for the request. */
  signal?: AbortSignal;
}

/**
 * The facts of the product's state, each with its own version and fault. `extension` is null when
 * nothing answered: the extension is absent, or this site was not allowed. `requiresUpdate` says
 * which side is too old for the other. `keys` are those that your site registered from this
 * browser, with how they stand; your site learns nothing about any other.
 */
export type Status = Omit<StatusResult, "extension"> & {
  extension: StatusResult["extension"] | null;
  /**
   * Why there is no answer ("extension-missing", "site-not-allowed", "site-not-secure"), or that
   * there is an older version than requiredVersion() wants ("update-required").
   */
  fault?: Fault;
};

export interface AddKeyPairOptions extends AddParams, Running {
  /** Registers the certificate at your portal; idempotent by its thumbprint. */
  submitCertificate(args: SubmitCertificateArgs): Awaitable<Registration>;
  /** Makes a key pair at your portal, sealed to the one-time certificate. Needed for the mode "server". */
  requestServerKey?(args: RequestServerKeyArgs): Awaitable<ServerKey>;
  requestChallenge(args: RequestChallengeArgs): Awaitable<Challenge>;
  submitProof(args: SubmitProofArgs): Awaitable<Registration>;
  discard?(args: DiscardArgs): Awaitable<Registration>;
}

/**
 * The assistant asks once, and for one PIN of each card or store. Each key has its own outcome; one
 * that fails keeps the others from nothing. Note the date of those that are "proven", in your own
 * submitProof. A key that your site did not register from this browser is "proven" or "unknown".
 */
export interface VerifyKeysOptions extends VerifyKeysParams, Running {
  /** As for addKeyPair, also for keys that are active. */
  requestChallenge(args: RequestChallengeArgs): Awaitable<Challenge>;
  submitProof(args: SubmitProofArgs): Awaitable<Registration>;
}

/**
 * Pass what you will pass to seal(). `recipientList` is your portal's signed list (PKCS#7
 * SignedData, DER, in base64): its keys receive the pli, and `recipients` may be left out or has
 * to name the same ones. The extension keeps the key of the first list that it sees from your
 * site, unless an administrator settled one; from then on a list that is missing
 * ("list-unsigned"), signed by another key ("list-signer"), altered ("list-forged"), for another
 * tender or site ("list-other") or of another day ("list-expired") is refused. Tell the person when
 * `list.first` says that a key is going to be kept; the extension's icon says it too.
 *
 * After the list's deadline seal() is refused ("deadline-passed") and recipients() has that as its
 * `fault`, unless the list says `"late":"warn"`: then `closed` here and `late` of seal() are true.
 */
export interface RecipientsOptions extends RecipientsParams, Running {}

export interface SealOptions extends SealParams, Running {
  /** In the order of the archive. They are read where they are: nothing is copied through messages. */
  files: Iterable<File>;
}

export interface Sealed extends SealResult {
  /** Upload this as it is; valid until release() or until the page goes. */
  file: File;
  release(): Promise<void>;
}

/** An opened file that the agent chose to hand over. */
export type OpenedFile = PliFile & { file: File };

export interface OpenOptions extends Running {
  tender: string;
  title?: string;
  plis: OpenPli[];
  /**
   * Your portal's signed list of the plis that may be opened now (PKCS#7 SignedData, DER, in
   * base64). A pli that is not in it is not opened ("list-pli"), and none before its time
   * ("opening-early"). See RecipientsOptions for the rest.
   */
  openingList?: string;
  /** Delivers a pli's bytes; the Response of fetch() may be returned as it is. */
  fetchEnvelope(args: FetchEnvelopeArgs): Awaitable<Blob | Response>;
  /** Passing this offers the agent to hand opened files to the portal. */
  receiveOpened?(args: Omit<ReceiveOpenedArgs, "files"> & { files: OpenedFile[] }): Awaitable<void>;
  /**
   * Hears of each pli as soon as its outcome is known. Note it: after an interruption, ask only for
   * the plis that were not opened.
   */
  reportOpened?(args: OpenedPli): Awaitable<void>;
  /** Takes the record of the opening (procès-verbal), at its end. */
  receiveRecord?(args: OpeningRecord): Awaitable<void>;
}

/**
 * Pass what you would pass to seal(), without files. The extension makes a test pli of its own,
 * seals it to the keys of your list and opens it with those of them that are on the agent's
 * computer: the way of an opening, days before it. None of your plis is asked for.
 */
export interface RehearseOptions extends RehearseParams, Running {}

export interface RewrapOptions extends RewrapParams, Running {
  /**
   * Delivers a pli's envelope. Before the deadline, deliver no more than its header in segmented
   * form, the bytes whose SHA-256 your list gives as headerSha256: that is enough, and nothing can
   * be read from it. With the whole envelope the content's tag is checked under the content key.
   */
  fetchEnvelope(args: FetchEnvelopeArgs): Awaitable<Blob | Response>;
  /**
   * Puts new recipients into one pli's header in the place of the old key's, atomically, after you
   * have checked that each is for a key of your list and that nothing else changes.
   */
  replaceRecipients(args: ReplaceRecipientsArgs): Awaitable<void>;
}

/**
 * A failure. Branch on `code`; show `message` and `remedy`, which are in French or English by the
 * language of the document.
 *
 * A function of yours that fails may throw an error with a `code` of FaultCode ("portal-refused",
 * for instance); anything else is "portal-failed".
 */
export class ScelleError extends Error {
  constructor(fault: Fault);
  code: Fault["code"];
  /** A technical word on what your page gave. A fault of the person's computer has none. */
  detail?: string;
  remedy: string;
  /** Where the guide explains the code; see helpAt(). */
  help: string;
}

/**
 * Says where your portal publishes the guide that comes with this package (help-fr.html or
 * help-en.html, with help.css): `helpAt("/aide/help-fr.html")` makes the `help` of every failure
 * "/aide/help-fr.html#code". Without it `help` is "#code", an anchor of the page itself.
 */
export function helpAt(address: string): void;

/** What a wait for Scellé needs: `host` is whether the program is needed too, as for all but sealing; true by default. */
interface Wanted {
  host?: boolean;
  signal?: AbortSignal;
}

export const scelle: {
  /** Answers within a second when there is no extension; never rejects. */
  status(options?: { signal?: AbortSignal }): Promise<Status>;
  /**
   * The oldest versions, as "MAJOR.MINOR.PATCH", that will do for this portal. From then on an older
   * one shows in `requiresUpdate` of the status, with the fault "update-required".
   */
  requiredVersion(versions: { extension?: string; host?: string }): void;
  /**
   * Calls back with the state now and whenever it changes, while the page can be seen.
   * @returns stops it, as aborting `signal` does
   */
  onStatusChange(callback: (status: Status) => void, options?: { signal?: AbortSignal }): () => void;
  /** The first thing that a status says is missing, in the order in which it can be mended. */
  missing(status: Status, options?: { host?: boolean }): Fault | undefined;
  /**
   * Opens your installation page, `page`, in a tab of its own, and resolves once nothing is missing
   * any more: the person comes back to this page as it was left, with its form and its files. Call
   * it in answer to a click. Aborting rejects with "cancelled".
   */
  install(options: Wanted & { page: string }): Promise<Status>;
  /**
   * For the installation page: resolves once nothing is missing any more, with what leads back to
   * the page that called install(). Call that in answer to a click: it closes the tab, or goes to
   * that page where the browser does not let it. It is null when nobody came from such a page.
   */
  comeBack(options?: Wanted): Promise<(() => void) | null>;
  /** Whether keys that this site registered are on this computer; at most 64 thumbprints. */
  keysPresent(thumbprints: string[], options?: { signal?: AbortSignal }): Promise<PresentResult>;
  /**
   * How the keys of a service stand, at most 64, in words of the document's language: what matters
   * most first. Say of each what your portal knows; whether its private key is on this computer is
   * told only of keys that your site registered from this browser. Needs the host.
   */
  health(keys: ServiceKey[], options?: { signal?: AbortSignal }): Promise<HealthResult>;
  /** Opens the assistant to register a bi-clé, or with `resume` to finish a registration. */
  addKeyPair(options: AddKeyPairOptions): Promise<AddResult>;
  /** Opens the assistant to prove again that the keys of a service are on this computer. */
  verifyKeys(options: VerifyKeysOptions): Promise<VerifyKeysResult>;
  /**
   * Who would receive a pli that is sealed now: names, thumbprints, and why a key is left out.
   * Checks the signed list as seal() does, so that a person can look before.
   */
  recipients(options: RecipientsOptions): Promise<RecipientsResult>;
  /** Seals files in the page, without a host. Look at `list` of the result: unsigned ones are allowed with a warning. */
  seal(options: SealOptions): Promise<Sealed>;
  /** Opens the assistant to open plis with a key of this computer. */
  open(options: OpenOptions): Promise<OpenResult>;
  /**
   * Opens the assistant to rehearse an opening. Keep the result: which keys opened their test, when,
   * and with which versions. Rejects when none could be tried ("cancelled", or why the assistant is
   * not ready).
   */
  rehearse(options: RehearseOptions): Promise<RehearseResult>;
  /**
   * Opens the assistant to give plis to other keys, for an agent who leaves or renews. After an
   * interruption, ask again for the plis that were not done.
   */
  rewrap(options: RewrapOptions): Promise<RewrapResult>;
};
