// The bridge: an invisible frame of the extension inside the portal's page.
// The content script hands it one port together with a nonce; only the worker
// knows for which document and origin that nonce was made, and it serves once.
// Then the port goes to the crypto worker. That one cannot reach the extension's
// worker: this script asks for it what is settled about the signed lists of
// its one origin. It draws nothing, so that there is nothing here to cover or
// to click through: every consent is in a window of the extension.
(() => {
  "use strict";
  const api = globalThis.browser ?? globalThis.chrome;
  // Only right below a top-level page, and with the extension's own origin: a
  // frame in a frame, or in a sandbox, serves nobody.
  if (window === window.top || window.parent !== window.top || globalThis.origin === "null") return;
  if ((location.ancestorOrigins?.length ?? 1) !== 1) return; // Chromium says it too

  const verify = async (nonce, origin, port) => {
    const answer = await api.runtime.sendMessage({ to: "worker", method: "bridge.verify", params: { nonce } });
    // The sender of the port must be the very page that the nonce is bound to.
    if (answer?.ok !== true || answer.result.origin !== origin) throw answer?.fault ?? { code: "not-permitted" };
    const worker = new Worker("crypto-worker.js");
    worker.onmessage = ({ data }) => settle(worker, origin, data);
    worker.postMessage({ verb: "serve", origin, port }, [port]);
  };

  /** {id, verb: "trust" | "pin", pin?} from the crypto worker, answered by {id, verb: "settled", ok, result | fault}. */
  const settle = async (worker, origin, { id, verb, pin }) => {
    const question = { trust: { method: "site.trust", params: { origin } }, pin: { method: "site.pin", params: { origin, pin } } }[verb];
    if (!question) return;
    const answer = await api.runtime.sendMessage({ to: "worker", ...question }).catch(() => undefined);
    worker.postMessage({ id, verb: "settled", ...(answer ?? { ok: false, fault: { code: "session-lost" } }) });
  };

  const onMessage = (event) => {
    const { data, ports, origin, source } = event;
    if (source !== window.parent || data?.scelle !== 1 || ports.length !== 1) return;
    if (typeof data.nonce !== "string" || !/^[0-9a-f]{32}$/.test(data.nonce)) return;
    window.removeEventListener("message", onMessage);
    const [port] = ports;
    verify(data.nonce, origin, port).catch((fault) => port.postMessage({ kind: "failed", fault: { code: fault?.code ?? "internal" } }));
  };
  window.addEventListener("message", onMessage);
})();
