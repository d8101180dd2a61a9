// Types of sealing.js. Serve it beside scelle.js, with the package's folder
// sealing/; in the answers for that folder's scripts, the Content-Security-Policy
// needs 'wasm-unsafe-eval' in script-src (the page's own policy does not).
import type { RecipientsOptions, RecipientsResult, Sealed, SealOptions } from "./scelle.js";

/** What the page sealed by itself. Mark it as weaker wherever it is shown: the portal's page was trusted. */
export type SealedHere = Sealed & { weaker: true };

/**
 * Seals in the portal's own page, for a browser without the extension: once-only bidders, Safari,
 * locked computers. Same module, same format, same progress (a first step "load", then "seal"),
 * same signal, constant memory. It is weaker: your page is trusted with the files and the keys,
 * and no list's signer is remembered. Say so to the person, and prefer scelle.seal() where there
 * is an extension.
 */
export declare const sealing: {
  recipients(options: RecipientsOptions): Promise<RecipientsResult>;
  seal(options: SealOptions): Promise<SealedHere>;
};
