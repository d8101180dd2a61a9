// Go's loader writes what the tests print to the console, line by line.
importScripts("wasm_exec.js", "chunks.js");
const { port1: nowhere, port2: closed } = new MessageChannel();
closed.close();
for (const level of ["log", "error", "warn"]) console[level] = (...words) => postMessage({ line: words.join(" ") });

onmessage = async ({ data: args }) => {
  onmessage = null;
  globalThis.scelleWorker = { digests: () => new Worker("digest-worker.js"), drop: (buffer) => nowhere.postMessage(null, [buffer]) }; // as crypto-worker.js has it
  const go = new Go();
  go.argv = ["test.wasm", ...args];
  let code = 0;
  go.exit = (c) => (code = c);
  try {
    const { instance } = await WebAssembly.instantiateStreaming(fetch("test.wasm"), go.importObject);
    await go.run(instance);
  } catch (error) {
    postMessage({ line: String(error) });
    code = -1;
  }
  postMessage({ code });
};
