// The relay between a portal's page and the extension. It decides nothing: it
// checks where a message comes from, that it has the right shape and size and
// that the generated table lets a page send it, and passes it on. The worker
// checks again and knows the origin from the browser.
//
// It runs in the isolated world of the top document of an allowed site. Page
// scripts cannot reach its variables, prototypes or globals.
(() => {
  "use strict";
  const api = globalThis.browser ?? globalThis.chrome;
  const { ScelleProtocol: protocol, ScelleFaults: faults } = globalThis;
  const KIND = protocol.kinds;
  const LIMIT = protocol.limits;

  // Sandboxed documents have the opaque origin "null" whatever their address.
  if (window !== window.top || !window.isSecureContext || globalThis.origin === "null" || location.origin === "null") return;

  /** False in a script that outlived its extension (reload, update). */
  const alive = () => {
    try {
      return Boolean(api.runtime?.id);
    } catch {
      return false;
    }
  };

  // Registered script and injection after a grant may both arrive.
  const MARK = Symbol.for("scelle.content");
  if (globalThis[MARK]?.()) return;
  globalThis[MARK] = alive;

  const DOCUMENT = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  const MAX_PENDING = 32; // requests of one page at a time
  const MAX_SEAL_TEXT = LIMIT.maxFrame + 2 * LIMIT.maxRecipients * LIMIT.maxRecipientDER;
  const BRIDGE_MILLIS = 15_000;

  const requests = new Map(); // page's id -> {method, kept: Blob[], session?}
  const calls = new Map(); // "id/call" -> resolve
  const own = (table, name) => (typeof name === "string" && Object.hasOwn(table, name) ? table[name] : undefined);
  const isId = (id) => typeof id === "string" && id.length > 0 && id.length <= 64;

  // ---- texts -------------------------------------------------------------

  const language = () => {
    const wanted = [document.documentElement?.lang ?? "", navigator.language];
    return wanted.map((l) => l.slice(0, 2).toLowerCase()).find((l) => l === "fr" || l === "en") ?? "fr";
  };

  /** What a page may have of a wire fault: what is wrong with this computer is a code to it, whatever its detail names. */
  const told = (fault) => {
    const { code, detail } = fault ?? {};
    if (typeof code !== "string") return { code: "internal" };
    return { code, ...(detail && own(faults, code)?.detail && { detail }) };
  };

  /** Adds what people read. */
  const worded = (fault) => {
    const { text, remedy } = (own(faults, fault?.code) ?? faults.internal)[language()];
    return { ...told(fault), message: text, remedy };
  };

  /** Every fault inside a value, as the page may have it. */
  const withFaults = (value, change) => JSON.parse(JSON.stringify(value ?? {}), (key, v) => (key === "fault" && v ? change(v) : v));

  /** Plain JSON within a limit, or undefined. */
  const clean = (value, limit) => {
    try {
      const text = JSON.stringify(value ?? {});
      return typeof text === "string" && text.length <= limit ? text : undefined;
    } catch {
      return undefined;
    }
  };

  const failure = (code, detail) => ({ ok: false, fault: detail ? { code, detail } : { code } });

  // ---- to the page -------------------------------------------------------

  const post = (message) => window.postMessage({ scelle: 1, to: "page", ...message }, location.origin);

  /** Ends a page's request; a second end is nobody's. */
  const respond = (id, answer) => {
    if (!requests.delete(id)) return;
    for (const [key, resolve] of calls) if (key.startsWith(`${id}/`)) resolve(failure("session-lost"));
    if (answer.ok === true) post({ kind: KIND.response, id, ok: true, result: withFaults(answer.result, worded), ...(answer.file && { file: answer.file }) });
    else post({ kind: KIND.response, id, ok: false, fault: worded(answer.fault) });
  };

  /** @type {(id: string, at: {step: string, done?: number, total?: number}) => void} */
  const progress = (id, { step, done, total }) => post({ kind: KIND.progress, id, step: String(step ?? ""), done: Number(done) || 0, total: Number(total) || 0 });

  // ---- to the worker -----------------------------------------------------

  const askWorker = async (method, params, request) => {
    try {
      const message = { to: "worker", method, params, document: DOCUMENT, request, language: language() };
      return (await api.runtime.sendMessage(message)) ?? failure("internal");
    } catch {
      return failure(alive() ? "internal" : "session-lost");
    }
  };

  /** status, keys.present: the worker's answer is the page's. */
  const viaWorker = async (id, message, text) => respond(id, await askWorker(message.method, JSON.parse(text), id));

  /** keys.add, pli.open, pli.rehearse, pli.rewrap: the worker's answer is a session; the page's comes at its end. */
  const viaAssistant = async (id, message, text) => {
    const answer = await askWorker(message.method, JSON.parse(text), id);
    if (answer.ok !== true) return respond(id, answer);
    const request = requests.get(id);
    if (request) request.session = answer.result.session;
    else cancelSession(answer.result.session);
  };

  const cancelSession = (session) => {
    api.runtime.sendMessage({ to: "assistant", kind: KIND.cancel, session, document: DOCUMENT }).catch(() => {});
  };

  // ---- to the bridge -----------------------------------------------------

  /** @type {Promise<{port: MessagePort, host: HTMLElement}> | null} */
  let bridge = null;
  let awaited = ""; // the nonce of a bridge that this document is starting
  const expected = new Map(); // "session/call" -> resolve, files on their way from the assistant

  const dropBridge = () => {
    bridge = null;
    for (const [id, r] of requests) if (protocol.methods[r.method].to === "bridge") respond(id, failure("session-lost"));
    for (const resolve of expected.values()) resolve(undefined);
    expected.clear();
  };

  const onBridge = (message) => {
    if (message.kind === KIND.progress && requests.has(message.id)) progress(message.id, message);
    if (message.kind === KIND.response) {
      respond(message.id, message.ok ? { ok: true, result: JSON.parse(message.result ?? "{}"), file: message.file } : failure(message.fault?.code, message.fault?.detail));
    }
    if (message.kind === "files") expected.get(`${message.session}/${message.call}`)?.(message.files);
  };

  /** An iframe of the extension in a closed shadow root: the page has no handle on it. */
  const attach = async () => {
    const answer = await askWorker("bridge.attach", {}, "");
    if (answer.ok !== true) throw answer.fault;
    const host = document.createElement("div");
    host.style.setProperty("display", "none", "important");
    host.setAttribute("aria-hidden", "true");
    const frame = document.createElement("iframe");
    host.attachShadow({ mode: "closed" }).append(frame);
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    awaited = answer.result.nonce;
    frame.src = api.runtime.getURL("app/bridge.html");
    document.documentElement.append(host);
    const { port1: port, port2 } = new MessageChannel();
    try {
      await within(BRIDGE_MILLIS, loaded);
      const ready = new Promise((resolve, reject) => {
        port.onmessage = ({ data }) => (data?.kind === "ready" ? resolve(undefined) : reject(data?.fault));
      });
      // The address is random, so "*" names no one else; the nonce proves the document.
      frame.contentWindow?.postMessage({ scelle: 1, nonce: answer.result.nonce }, "*", [port2]);
      await within(BRIDGE_MILLIS, ready);
    } catch (fault) {
      host.remove();
      throw fault;
    } finally {
      awaited = "";
    }
    // A crypto worker that died answers nothing any more: its frame goes, and
    // with it what it worked on; the next request makes a new one.
    port.onmessage = ({ data }) => (data?.kind === "failed" ? host.remove() : onBridge(data ?? {}));
    watch(host);
    return { port, host };
  };

  const within = (millis, promise) => {
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(reject, millis, { code: "timeout" })));
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  };

  /** A page that removes the element ends the frame: what it worked on is lost. */
  const watch = (host) => {
    const observer = new MutationObserver(() => {
      if (host.isConnected) return;
      observer.disconnect();
      dropBridge();
    });
    observer.observe(document.documentElement, { childList: true });
    observer.observe(document, { childList: true });
  };

  const withBridge = async () => {
    bridge ??= attach();
    try {
      return await bridge;
    } catch (fault) {
      bridge = null;
      throw fault;
    }
  };

  /** pli.seal, pli.release. Files go by reference, never through the worker. */
  const viaBridge = async (id, { method, files = [] }, text) => {
    const good = Array.isArray(files) && files.length <= LIMIT.maxFiles && files.every((f) => f instanceof Blob);
    if (!good) return respond(id, failure("bad-request"));
    try {
      const { port } = await withBridge();
      if (requests.has(id)) port.postMessage({ kind: KIND.request, id, method, params: text, files });
    } catch (fault) {
      respond(id, failure(fault?.code ?? "internal", fault?.detail));
    }
  };

  // ---- from the page -----------------------------------------------------

  const ROUTES = { worker: viaWorker, app: viaAssistant, bridge: viaBridge };

  const onRequest = (message) => {
    const { id, method } = message;
    if (requests.has(id)) return; // the first one keeps its answer
    const full = requests.size >= MAX_PENDING;
    requests.set(id, { method, kept: [] });
    progress(id, { step: "accepted" });
    const spec = own(protocol.methods, method);
    const limit = spec?.to === "bridge" ? MAX_SEAL_TEXT : LIMIT.maxFrame;
    const text = clean(message.params, limit);
    // bridge.attach is "from page" for the worker, which sees this script; the page's own script has no use for a nonce.
    if (!spec || !spec.from.includes("page") || method === "bridge.attach") respond(id, failure(spec ? "not-permitted" : "unknown-method"));
    else if (full) respond(id, failure("busy"));
    else if (text === undefined) respond(id, failure("message-too-large"));
    else ROUTES[spec.to](id, message, text);
  };

  const onCallResult = (message) => {
    const key = `${message.id}/${message.call}`;
    const resolve = calls.get(key);
    calls.delete(key);
    resolve?.(message);
  };

  const onCancel = ({ id }) => {
    const request = requests.get(id);
    if (!request) return;
    if (request.session) cancelSession(request.session);
    if (own(protocol.methods, request.method)?.to === "bridge") bridge?.then(({ port }) => port.postMessage({ kind: KIND.cancel, id })).catch(() => {});
    respond(id, failure("cancelled"));
  };

  const FROM_PAGE = { [KIND.request]: onRequest, [KIND.callResult]: onCallResult, [KIND.cancel]: onCancel };

  const onPageMessage = (event) => {
    if (!event.isTrusted || event.source !== window || event.origin !== location.origin) return;
    const message = event.data;
    if (typeof message !== "object" || message === null || message.scelle !== 1) return;
    if (!alive()) return retire();
    if (message.to === "content" && isId(message.id)) own(FROM_PAGE, message.kind)?.(message);
  };

  // ---- from the worker and the assistant ---------------------------------

  /** The page may say why its portal refused, in codes; its words stay outside our window. */
  const pageFault = (fault) => {
    const { code, detail } = fault ?? {};
    const plain = typeof detail === "string" && /^[\w.:-]{1,64}$/.test(detail);
    return failure(own(faults, code) ? code : "portal-failed", plain ? detail : undefined);
  };

  const callPage = async (id, { session, call, name, args, files: count }) => {
    const spec = own(protocol.calls, name);
    if (!spec || !isId(String(call))) return failure("not-permitted");
    const files = spec.files ? (count > 0 ? await expectFiles(session, call) : []) : undefined;
    // Nothing is handed over by halves: the files came, all of them, or the page is not called.
    if (spec.files && files?.length !== count) return failure("session-lost");
    if (!requests.has(id)) return failure("session-lost");
    const answer = await new Promise((resolve) => {
      calls.set(`${id}/${call}`, resolve);
      post({ kind: KIND.call, id, call: String(call), name, args: withFaults(args, told), ...(files && { files }) });
    });
    if (answer.ok !== true) return pageFault(answer.fault);
    if (spec.blob) return sendFile(id, session, call, answer.file);
    const text = clean(answer.result, LIMIT.maxFrame);
    return text === undefined ? failure("message-too-large") : { ok: true, result: JSON.parse(text) };
  };

  const expectFiles = async (session, call) => {
    const { port } = await withBridge();
    const files = new Promise((resolve) => expected.set(`${session}/${call}`, resolve));
    port.postMessage({ kind: "expect", session, call });
    return files.finally(() => expected.delete(`${session}/${call}`));
  };

  const sendFile = async (id, session, call, file) => {
    if (!(file instanceof Blob)) return failure("bad-request");
    // Firefox deletes the temporary file behind a large response's Blob when
    // the process that fetched it drops it, whoever else still reads: kept
    // here until the request ends.
    requests.get(id)?.kept.push(file);
    const { port } = await withBridge();
    port.postMessage({ kind: "file", session, call, file });
    return { ok: true, file: true };
  };

  const mine = (session) => {
    for (const [id, r] of requests) if (r.session === session) return id;
    return undefined;
  };

  const onExtensionMessage = (message, sender, reply) => {
    if (sender.id !== api.runtime.id || message?.to !== "content" || message.document !== DOCUMENT) return false;
    if (message.kind === KIND.response) {
      respond(message.request, message);
      reply({ ok: true });
      return false;
    }
    if (message.kind === "bridge") {
      reply({ ok: awaited !== "" && message.nonce === awaited });
      return false;
    }
    const id = mine(message.session);
    if (id === undefined) {
      reply(failure("session-lost"));
      return false;
    }
    if (message.kind !== KIND.call) {
      if (message.kind === KIND.progress) progress(id, message);
      reply({ ok: true }); // also to the worker's "ping"
      return false;
    }
    callPage(id, message).then(reply, (fault) => reply(failure(fault?.code ?? "internal", fault?.detail)));
    return true; // the reply comes later
  };

  // ---- life --------------------------------------------------------------

  const fail = () => {
    for (const id of [...requests.keys()]) respond(id, failure("session-lost"));
  };

  /** The extension was reloaded: its next content script takes over. */
  const retire = () => {
    window.removeEventListener("message", onPageMessage);
    fail();
    bridge?.then(({ host }) => host.remove()).catch(() => {});
    bridge = null;
  };

  window.addEventListener("message", onPageMessage);
  // Back from the back-forward cache: the assistants have given this document up.
  window.addEventListener("pageshow", (event) => event.persisted && fail());
  api.runtime.onMessage.addListener(onExtensionMessage);
  post({ kind: KIND.hello });
})();
