// Learns of a newer host from the publisher's signed manifest, and fetches its
// package (shared/update has the format and decides). This is the only file
// that asks for anything beyond the extension: update.json, at most once a day
// or when a person looks, and one package when a person clicks. The address is
// the publisher's or the administrator's, never a portal's or the host's.
//
// storage.local "update" = {checked, state, version?, expires?, fault?}: what
// the last good manifest said, and why the last one was none. A manifest that
// is refused changes nothing but fault and checked.
(() => {
  "use strict";
  const api = globalThis.browser ?? globalThis.chrome;

  const DAY_MILLIS = 24 * 3_600_000;
  const ASK_MILLIS = 20_000;
  const FETCH_MILLIS = 240_000; // a browser ends a worker's event after five minutes
  const MAX_FILE = 64 << 10; // update.MaxFile
  const FILE = "update.json"; // update.FileName
  const MODULE = "app/verify.wasm";
  const NONE = "none"; // policy.NoFolder

  let tail = Promise.resolve();
  /** @type {<T>(work: () => Promise<T>) => Promise<T>} */
  const exclusive = (work) => {
    const run = tail.then(work);
    tail = run.then(() => {}, () => {});
    return run;
  };

  /** @type {() => Promise<any>} */
  const load = async () => /** @type {any} */ (await api.storage.local.get("update")).update ?? { checked: 0, state: {} };
  const save = (update) => api.storage.local.set({ update });

  /** The folder to look in, "" for none. */
  const address = async () => {
    const { ScelleManaged: managed, ScellePublisher: publisher } = globalThis;
    if (publisher.keys.length === 0) return "";
    const settled = (await managed.read()).updates || publisher.address;
    return settled === NONE ? "" : settled;
  };

  /** At most so many bytes of an address; a redirection is an error. */
  const read = async (url, limit, millis) => {
    const response = await fetch(url, {
      credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer", signal: AbortSignal.timeout(millis),
    });
    if (!response.ok || !response.body) throw { code: "update-unavailable", detail: String(response.status) };
    const parts = [];
    let size = 0;
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(parts);
      size += value.length;
      if (size > limit) {
        await reader.cancel();
        throw { code: "update-unreadable", detail: String(limit) };
      }
      parts.push(value);
    }
  };

  const unavailable = (error) => {
    throw error?.code && typeof error.code === "string" ? error : { code: "update-unavailable" };
  };

  /**
   * Asks shared/update, which runs once in an instance of verify.wasm of its own
   * and leaves nothing behind.
   */
  const judge = async (question) => {
    const go = new Go();
    const instance = WebAssembly.instantiateStreaming(fetch(api.runtime.getURL(MODULE)), go.importObject);
    globalThis.scelleUpdate = { question: JSON.stringify(question), answer: "" };
    await go.run((await instance).instance);
    return JSON.parse(globalThis.scelleUpdate.answer);
  };

  /** What shared/update says of the manifest that lies at an address now. */
  const ask = async (from, record, host) => {
    try {
      const file = await (await read(from + FILE, MAX_FILE, ASK_MILLIS).catch(unavailable)).text();
      return await judge({ file, keys: globalThis.ScellePublisher.keys, state: record.state, host, now: new Date().toISOString() });
    } catch (error) {
      if (!error?.code) console.error("Scellé:", error);
      return { state: record.state, newer: false, fault: error?.code ? error : { code: "internal" } };
    }
  };

  /** Looks now; resolves with the answer of shared/update, undefined without an address. */
  const look = (host) =>
    exclusive(async () => {
      const from = await address();
      if (!from) return undefined;
      const record = await load();
      const answer = await ask(from, record, host);
      const { fault, ...kept } = record;
      const good = answer.fault ? {} : { state: answer.state, version: answer.version, expires: answer.expires };
      await save({ ...kept, ...good, checked: Date.now(), ...(answer.fault && { fault: answer.fault }) });
      return { from, answer };
    });

  const newer = (version, than) => {
    const [x, y] = [version, than].map((v) => v.split(".").map(Number));
    const i = x.findIndex((n, at) => n !== y[at]);
    return i >= 0 && x[i] > (y[i] ?? -1);
  };

  /** The version that a signed manifest offers over a host's, "" for none. */
  const offered = ({ version, expires }, host) =>
    version && new Date().toISOString() < expires && newer(version, host.version) ? version : "";

  /** What this computer's host says of itself, as update.Host. */
  const facts = (hello) => ({ version: hello.version ?? "", os: hello.os ?? "", arch: hello.arch ?? "", package: hello.package ?? "" });

  let looking = false;

  /** StatusResult.update for a host's hello. Looks in the background when a day has passed. */
  const news = async (hello) => {
    if (!hello || !(await address())) return undefined;
    const record = await load();
    const age = Date.now() - record.checked;
    if ((age >= DAY_MILLIS || age < 0) && !looking) {
      looking = true; // one at a time, however often pages ask for the status
      look(facts(hello)).catch((error) => console.error("Scellé:", error)).finally(() => (looking = false));
    }
    const version = offered(record, facts(hello));
    return version ? { host: version } : undefined;
  };

  /** UpdateResult: looks now, since a person asks. */
  const check = async (hello) => {
    const host = facts(hello ?? {});
    const looked = hello && (await look(host));
    if (!looked) return {};
    const { from, answer } = looked;
    const record = await load();
    const { kind, name, size } = answer.package ?? {};
    return {
      source: new URL(from).origin,
      ...(offered(record, host) && { host: record.version }),
      ...(answer.newer && answer.package && { package: { kind, name, size } }),
      ...(answer.fault && { fault: answer.fault }),
    };
  };

  const hex = (buffer) => Array.from(new Uint8Array(buffer), (b) => b.toString(16).padStart(2, "0")).join("");

  /** Puts checked bytes into quarantine/<vault>/<place>/<name> of the private file system. */
  const keep = async (blob, { vault, place }, name) => {
    let folder = await navigator.storage.getDirectory();
    for (const step of ["quarantine", vault]) folder = await folder.getDirectoryHandle(step);
    folder = await folder.getDirectoryHandle(place, { create: true });
    const file = await (await folder.getFileHandle(name, { create: true })).createWritable();
    await file.write(blob);
    await file.close();
  };

  /**
   * Fetches the package that the manifest names now, whatever was remembered.
   * Bytes that are not exactly those that were signed are never given a name.
   */
  const bring = async (params, hello) => {
    const looked = hello && (await look(facts(hello)));
    if (looked?.answer.fault) throw looked.answer.fault;
    if (!looked?.answer.newer || !looked.answer.package) throw { code: "update-none" };
    const { kind, name, size, sha256 } = looked.answer.package;
    const blob = await read(looked.from + name, size, FETCH_MILLIS).catch(unavailable).catch((error) => {
      throw error.code === "update-unreadable" ? { code: "update-damaged" } : error;
    });
    if (blob.size !== size || hex(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())) !== sha256) throw { code: "update-damaged" };
    await keep(blob, params, name).catch(() => {
      throw { code: "write-failed" };
    });
    return { kind, name, size };
  };

  globalThis.ScelleUpdate = Object.freeze({ news, check, bring });
})();
