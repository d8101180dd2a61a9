// Runs one part of BenchmarkMeasure in wasm/crypto once, and reads its time from
// what the benchmark prints.
"use strict";
importScripts("wasm_exec.js", "chunks.js");
const { port1: nowhere, port2: closed } = new MessageChannel();
closed.close();
const ballast = new ArrayBuffer(64 << 20); // as crypto-worker.js has it

onmessage = async ({ data: { part, file } }) => {
  const output = [];
  for (const level of ["log", "error", "warn"]) console[level] = (...words) => output.push(words.join(" "));
  globalThis.measureFile = file;
  globalThis.scelleWorker = { digests: () => new Worker("digest-worker.js"), drop: (buffer) => nowhere.postMessage(null, [buffer]), ballast };
  const go = new Go();
  go.argv = ["measure.wasm", "-test.run", "^$", "-test.bench", `^BenchmarkMeasure$/^${part}$`, "-test.benchtime", "1x"];
  go.exit = () => {};
  try {
    const { instance } = await WebAssembly.instantiateStreaming(fetch("measure.wasm"), go.importObject);
    await go.run(instance);
  } catch (error) {
    output.push(String(error));
  }
  const text = output.join("\n");
  const nanos = /\s1\s+(\d+)(?:\.\d+)? ns\/op/.exec(text)?.[1];
  postMessage(nanos ? { ms: nanos / 1e6 } : { error: text });
};
