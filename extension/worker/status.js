// The worker's own questions to the host: one connection for each, closed at
// once, so that a new host is found the moment it is installed.
(() => {
  "use strict";
  const protocol = globalThis.ScelleProtocol;

  const ANSWER_MILLIS = 10_000;
  const SHARE_MILLIS = 1_000; // several tabs that poll share one answer

  /** Runs questions on one connection; a host that does not answer is stopped. */
  const ask = async (questions) => {
    const connection = globalThis.ScelleNative.connect("worker");
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(reject, ANSWER_MILLIS, { code: "host-unreachable" });
    });
    try {
      return await Promise.race([questions(connection), late]);
    } finally {
      clearTimeout(timer);
      connection.close();
    }
  };

  /** The stores taken together: one that opens plis is enough (keystore.State). Readers without a card are none. */
  const storeState = (stores) => {
    const opens = (s) => (s.state === "ready" || s.state === "read-only") && !(s.modules && s.keys === 0);
    if (stores.some(opens)) return { ready: true };
    if (stores.some((s) => s.state === "locked")) return { ready: false, fault: { code: "store-locked" } };
    return { ready: false, fault: stores.find((s) => s.fault)?.fault ?? { code: "store-missing" } };
  };

  const measure = async () => {
    const status = {
      extension: { version: protocol.version, protocol: protocol.protocol },
      host: /** @type {any} */ ({ online: false }),
      store: /** @type {any} */ ({ ready: false }),
      requiresUpdate: { extension: false, host: false },
    };
    /** @type {any} */
    let greeting;
    try {
      await ask(async (connection) => {
        const hello = await connection.hello.finally(() => void (greeting = connection.greeting));
        status.host = { online: true, version: hello.version, os: hello.os };
        try {
          status.store = storeState((await connection.request("host.status", {})).stores ?? []);
        } catch (fault) {
          if (fault?.code?.startsWith("host-")) throw fault;
          status.store = { ready: false, fault };
        }
      });
    } catch (fault) {
      status.host = { ...status.host, online: false, fault: fault?.code ? fault : { code: "internal" } };
      status.requiresUpdate = { extension: fault?.code === "extension-outdated", host: fault?.code === "host-outdated" };
    }
    const update = await globalThis.ScelleUpdate.news(greeting);
    return { ...status, ...(update && { update }) };
  };

  /** @type {Promise<any> | undefined} */
  let shared;
  let until = 0;
  /** StatusResult. */
  const status = () => {
    if (!shared || Date.now() > until) {
      shared = measure();
      until = Infinity;
      shared.finally(() => void (until = Date.now() + SHARE_MILLIS));
    }
    return shared;
  };

  /** Which of these certificates have their private key here. */
  const present = async (thumbprints) =>
    (await ask((connection) => connection.request("host.keys.present", { thumbprints }))).present ?? [];

  /** What the host says of itself, even when it is too old to be asked more; undefined without one. */
  const hello = () =>
    ask(async (connection) => {
      await connection.hello.catch(() => {});
      return connection.greeting;
    }).catch(() => undefined);

  globalThis.ScelleStatus = Object.freeze({ status, present, hello });
})();
