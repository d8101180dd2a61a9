// Where the publisher announces newer versions of the host, and the Ed25519
// public keys, in hexadecimal, of which one signs that. scripts/pack writes
// both (-packages-url, -update-keys); without an address nothing is asked for.
(() => {
  "use strict";
  globalThis.ScellePublisher = Object.freeze({ address: "", keys: [] });
})();
