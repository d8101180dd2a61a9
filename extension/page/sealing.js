// sealing.js: seals in the portal's own page, for browsers without the extension.
// The same WebAssembly module as in the extension does it, from the folder
// sealing/ beside this file, so that the pli is the same, to the last byte of
// its format. What is not the same is the trust: a page that seals by itself
// can be changed by whoever serves it, and nobody but it looks at the keys.
// Say so to the person. Types: sealing.d.ts.
import { ScelleError } from "./scelle.js";

const FOLDER = new URL("./sealing/app/", import.meta.url);

/** @typedef {{resolve: Function, reject: Function, onProgress?: Function}} Pending */
/** @typedef {{port: MessagePort, pending: Map<string, Pending>}} Server */

/** @type {Promise<Server> | null} the worker that seals, once it is needed */
let server = null;

/** @type {(fault: {code?: string, detail?: string} | undefined) => Promise<ScelleError>} a failure with its words */
const failure = async ({ code = "internal", detail } = {}) => {
  const { FAULTS } = await import("./codes.js");
  const lang = (document.documentElement.lang || navigator.language).toLowerCase().startsWith("en") ? "en" : "fr";
  const { text, remedy } = (FAULTS[code] ?? FAULTS.internal)[lang];
  return new ScelleError(/** @type {any} */ ({ code, detail, message: text, remedy }));
};

/** @type {(pending: Map<string, Pending>, message: any) => Promise<void>} */
const onAnswer = async (pending, { kind, id, ok, result, fault, file, done, total, step }) => {
  const request = pending.get(id);
  if (kind === "progress") return request?.onProgress?.({ step, done, total });
  if (kind !== "response" || !request) return;
  pending.delete(id);
  if (ok) request.resolve({ result: await worded(JSON.parse(result)), file });
  else request.reject(await failure(fault));
};

/** A result in which every fault has its words. */
const worded = async (result) => {
  for (const holder of [result.list, ...(result.leftOut ?? []), ...(result.recipients ?? [])]) {
    if (holder?.fault) holder.fault = { ...holder.fault, ...(({ message, remedy, help }) => ({ message, remedy, help }))(await failure(holder.fault)) };
  }
  return result;
};

/** @type {() => Promise<Server>} */
const start = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("crypto-worker.js", FOLDER));
    const { port1: port, port2 } = new MessageChannel();
    const pending = new Map();
    const fail = async (fault) => {
      server = null;
      worker.terminate();
      const error = await failure(fault);
      reject(error);
      for (const request of pending.values()) request.reject(error);
    };
    worker.onerror = () => void fail({ code: "internal", detail: "worker" });
    // What the extension remembers of a site's lists, its page cannot: no key is
    // known, and none is kept.
    worker.onmessage = ({ data: { id, verb } }) =>
      worker.postMessage({ id, verb: "settled", ok: true, result: verb === "trust" ? { pins: [], unsigned: "warn" } : {} });
    port.onmessage = ({ data }) => {
      if (data.kind === "ready") resolve({ port, pending });
      else if (data.kind === "failed") void fail(data.fault);
      else void onAnswer(pending, data);
    };
    worker.postMessage({ verb: "serve", origin: location.origin, port: port2 }, [port2]);
  });

/** The worker, or its failure in words; the next request tries again. */
const serving = () =>
  (server ??= start().catch(async (error) => {
    server = null;
    throw error instanceof ScelleError ? error : await failure({ code: "internal", detail: "worker" });
  }));

/** @type {(method: string, params: object, extras?: {files?: File[], onProgress?: Function, signal?: AbortSignal}) => Promise<any>} */
const request = async (method, params, { files = [], onProgress, signal } = {}) => {
  if (signal?.aborted) throw await failure({ code: "cancelled" });
  const id = crypto.randomUUID();
  const { promise, resolve, reject } = deferred();
  const cancel = () => {
    void server?.then(({ port, pending }) => pending.delete(id) && port.postMessage({ kind: "cancel", id }));
    void failure({ code: "cancelled" }).then(reject);
  };
  signal?.addEventListener("abort", cancel);
  try {
    onProgress?.({ step: "load", done: 0, total: 0 }); // a few megabytes, the first time
    const { port, pending } = await Promise.race([serving(), promise]);
    pending.set(id, { resolve, reject, onProgress });
    port.postMessage({ kind: "request", id, method, params: JSON.stringify(params), files });
    return await promise;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
};

/** A promise with its two ends. */
const deferred = () => {
  let resolve;
  let reject;
  const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
  promise.catch(() => {}); // also when nobody waits any more
  return { promise, resolve, reject };
};

const recipients = async ({ signal, onProgress, ...params }) => (await request("pli.recipients", params, { signal, onProgress })).result;

const seal = async ({ files, signal, onProgress, ...params }) => {
  const { result, file } = await request("pli.seal", params, { files: [...files], signal, onProgress });
  const release = () => request("pli.release", { handle: result.handle }).then(() => {});
  return { ...result, file, release, weaker: true };
};

export const sealing = Object.freeze({ recipients, seal });
