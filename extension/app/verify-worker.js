// The throw-away worker in which one signed list is verified: verify.wasm. It
// takes one message {list: Uint8Array} and gives one answer {ok, result |
// fault}; whoever started it ends it then, or when it is late. What it reads
// was made by a stranger: whatever stops the module is a refusal.
(() => {
  "use strict";
  const answer = (code, detail) => globalThis.postMessage({ ok: false, fault: { code, detail } });

  const run = async ({ data }) => {
    globalThis.onmessage = null;
    globalThis.scelleList = data.list;
    importScripts("wasm_exec.js");
    const go = new Go();
    const { instance } = await WebAssembly.instantiateStreaming(fetch("verify.wasm"), go.importObject);
    // The first answer counts: after the module's own this one is nobody's.
    await go.run(instance).catch((error) => console.error("Scellé:", error));
    answer("list-forged", "crash");
  };

  globalThis.onmessage = (event) => {
    run(event).catch((error) => {
      console.error("Scellé:", error);
      answer("internal", "verify.wasm");
    });
  };
})();
