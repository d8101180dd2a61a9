// The only file that talks to the native host (the lint rule is a test:
// no other file may name connectNative or sendNativeMessage).
//
// ScelleNative.connect(party) returns a connection at once:
//   hello     Promise of HelloResult; rejects with a fault
//   greeting  the HelloResult, also of a host that is then found too old
//   request   (method, params) -> Promise of the result; rejects with a fault
//   onClose   set it to learn of an end that nobody asked for: (fault) => void
//   close()   ends the connection; what is still waiting gets "cancelled"
// A fault is {code, detail?}. Every connection begins with host.hello, and
// requests wait for its answer, so a host that is too old is asked nothing.
(() => {
  "use strict";
  const api = globalThis.browser ?? globalThis.chrome;
  const protocol = globalThis.ScelleProtocol;

  const HELLO_MILLIS = 10_000;

  // What Chromium and Firefox say when a port ends. Texts are all there is:
  // neither gives a code.
  const ENDINGS = [
    { says: /host not found|no such native application/i, code: "host-missing" },
    { says: /forbidden|not have permission|not allowed/i, code: "host-forbidden" },
    { says: /has exited|error when communicating|unexpected error|exceeds the limit/i, code: "host-stopped" },
  ];

  /** @param {string} [detail] */
  const faultOf = (code, detail) => Object.freeze(detail ? { code, detail } : { code });

  const codeOfEnding = (text) => ENDINGS.find((e) => e.says.test(text))?.code ?? "host-unreachable";

  const mayAsk = (method, party) => {
    const spec = Object.hasOwn(protocol.methods, method) ? protocol.methods[method] : undefined;
    return spec !== undefined && spec.to === "host" && spec.from.includes(party);
  };

  /** The side that is too old, if any (shared/version: Protocol, MinProtocol). */
  const tooOld = (hello) => {
    if (!Number.isInteger(hello?.protocol) || !Number.isInteger(hello?.minProtocol)) return "host-outdated";
    if (hello.protocol < protocol.minProtocol) return "host-outdated";
    return protocol.protocol < hello.minProtocol ? "extension-outdated" : "";
  };

  /** @param {"app" | "worker"} party */
  function connect(party = "app") {
    const waiting = new Map(); // id -> {resolve, reject}
    /** @type {chrome.runtime.Port | null} */
    let port = null;
    /** @type {any} */
    let ended = null;
    let last = 0;

    const end = (fault, asked) => {
      if (ended) return;
      ended = fault;
      try {
        port?.disconnect();
      } catch {
        // It was gone already.
      }
      for (const w of waiting.values()) w.reject(fault);
      waiting.clear();
      if (!asked) connection.onClose?.(fault);
    };

    const receive = (message) => {
      const w = waiting.get(message?.id);
      if (!w) return;
      waiting.delete(message.id);
      if (message.ok === true) w.resolve(message.result ?? {});
      else w.reject(faultOf(message.fault?.code ?? "internal", message.fault?.detail));
    };

    const send = (method, params) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        if (!mayAsk(method, party)) return reject(faultOf("not-permitted", method));
        const id = String(++last);
        const message = { id, method, params: params ?? {} };
        if (new TextEncoder().encode(JSON.stringify(message)).length > protocol.limits.maxFrame) {
          return reject(faultOf("message-too-large"));
        }
        waiting.set(id, { resolve, reject });
        try {
          port?.postMessage(message);
        } catch {
          end(faultOf("host-stopped"), false);
        }
      });

    const greet = async () => {
      const timer = setTimeout(() => end(faultOf("host-unreachable"), false), HELLO_MILLIS);
      try {
        const hello = await send("host.hello", { version: protocol.version, protocol: protocol.protocol });
        connection.greeting = hello;
        const code = tooOld(hello);
        if (code) {
          end(faultOf(code), false);
          throw faultOf(code);
        }
        return hello;
      } finally {
        clearTimeout(timer);
      }
    };

    const connection = {
      /** @type {Promise<any>} */
      hello: Promise.resolve(),
      /** @type {any} */
      greeting: undefined,
      /** @type {((fault: any) => void) | null} */
      onClose: null,
      request: (method, params) => connection.hello.then(() => send(method, params)),
      close: () => end(faultOf("cancelled"), true),
    };

    try {
      port = api.runtime.connectNative(protocol.hostName);
      port.onMessage.addListener(receive);
      port.onDisconnect.addListener((p) => {
        // Chromium sets lastError for the time of this call, Firefox port.error.
        const said = /** @type {any} */ (p)?.error?.message ?? api.runtime.lastError?.message ?? "";
        end(faultOf(codeOfEnding(said)), false);
      });
    } catch {
      // Later, so that the caller can set onClose first.
      setTimeout(end, 0, faultOf("host-unreachable"), false);
    }
    connection.hello = greet();
    connection.hello.catch(() => {}); // each request reports it
    return connection;
  }

  globalThis.ScelleNative = Object.freeze({ connect });
})();
