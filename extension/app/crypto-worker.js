// The dedicated worker in which bytes are sealed and opened: crypto.wasm.
// Messages that arrive before Go listens are kept for it.
//
// For Go: globalThis.scelleWorker.listen(fn) calls fn(data) for each message,
// in order, the kept ones first. Messages of an assistant are {id, verb, ...}
// (answer with postMessage). A bridge sends one {verb: "serve", origin, port};
// Go answers on that port, on which "ready" was said when it began to listen,
// and asks bridge.js with postMessage what is settled for the origin's lists.
// scelleWorker.digests() starts the worker that takes fingerprints beside it.
//
// A document that starts one of these after the other compiles the module once:
// it names the worker "given" and sends {module} first.
(() => {
  "use strict";
  /** @type {any[]} */
  const kept = [];
  /** @type {MessagePort[]} */
  const ports = [];
  /** @type {((data: any) => void) | null} */
  let listener = null;

  /** @type {(module: WebAssembly.Module) => void} */
  let give = () => {};
  /** @type {Promise<WebAssembly.Module>} */
  const given = new Promise((resolve) => (give = resolve));

  globalThis.onmessage = ({ data }) => {
    if (data?.module instanceof WebAssembly.Module) return give(data.module);
    if (data?.port instanceof MessagePort) {
      ports.push(data.port);
      if (listener) data.port.postMessage({ kind: "ready" });
    }
    if (listener) listener(data);
    else kept.push(data);
  };

  // Moving a buffer to a closed port frees its memory at once.
  const { port1: nowhere, port2: closed } = new MessageChannel();
  closed.close();

  // Chromium keeps as much freed memory for the next buffers as an eighth of what
  // it gave out, and returns the rest to the kernel, from where it comes back page
  // by page. These bytes are never touched, so that they cost no memory.
  const ballast = new ArrayBuffer(64 << 20);

  globalThis.scelleWorker = Object.freeze({
    listen(fn) {
      listener = fn;
      for (const data of kept.splice(0)) fn(data);
      for (const port of ports) port.postMessage({ kind: "ready" });
    },
    digests: () => new Worker("digest-worker.js"),
    drop: (buffer) => nowhere.postMessage(null, [buffer]),
    ballast,
  });

  const fail = (error) => {
    console.error("Scellé:", error);
    for (const port of ports) port.postMessage({ kind: "failed", fault: { code: "internal" } });
    for (const { id } of kept) if (id !== undefined) globalThis.postMessage({ id, ok: false, fault: { code: "internal" } });
    globalThis.reportError(error); // an assistant hears of it, and that what it asked for is lost
    globalThis.close();
  };

  const module = self.name === "given" ? given : WebAssembly.compileStreaming(fetch("crypto.wasm"));
  importScripts("../gen/protocol.js", "wasm_exec.js", "chunks.js", "seclude.js");
  const go = new Go();
  const resume = go._resume;
  go._resume = () => {
    try {
      resume.call(go);
    } catch (error) {
      fail(error); // in a callback of a promise nobody else would hear of it
      throw error;
    }
  };
  const run = async () => go.run(await WebAssembly.instantiate(await module, go.importObject));
  run().then(() => fail("ended"), fail);
})();
