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

  /**
   * The stores taken together: one that opens plis is enough, if it has a key or takes one (keystore.State).
   * Readers without a card are none.
   * One that is locked asks for its password, unless its fault says otherwise.
   */
  const storeState = (stores) => {
    const works = (s) => s.state === "ready" || s.state === "read-only" || (s.state === "locked" && !s.fault);
    if (stores.some((s) => works(s) && (s.keys > 0 || s.import))) return { ready: true };
    const fault = stores.find((s) => s.fault)?.fault;
    if (fault) return { ready: false, fault };
    return stores.some((s) => works(s) && !s.modules) ? { ready: true } : { ready: false, fault: { code: "store-missing" } };
  };

  /** How the site's own keys stand; a host that is too old for the question is no failure. */
  const keyStates = async (connection, keys, language) => {
    if (keys.length === 0) return undefined;
    const registered = keys.map((k) => k.thumbprint);
    return connection.request("host.keys.health", { keys, registered, language }).then((r) => r.keys, () => undefined);
  };

  const measure = async (keys, language) => {
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
        const states = await keyStates(connection, keys, language);
        if (states) status.keys = states;
      });
    } catch (fault) {
      status.host = { ...status.host, online: false, fault: fault?.code ? fault : { code: "internal" } };
      status.requiresUpdate = { extension: fault?.code === "extension-outdated", host: fault?.code === "host-outdated" };
    }
    const update = await globalThis.ScelleUpdate.news(greeting);
    return { ...status, ...(update && { update }) };
  };

  const shared = new Map(); // what was asked for -> {answer, until}
  /**
   * StatusResult, with how these keys (ServiceKey) stand.
   * @param {any[]} [keys]
   * @param {string} [language]
   */
  const status = (keys = [], language = "fr") => {
    const name = JSON.stringify([keys, language]);
    const now = Date.now();
    for (const [key, { until }] of shared) if (now > until) shared.delete(key);
    const known = shared.get(name);
    if (known) return known.answer;
    const entry = { answer: measure(keys, language), until: Infinity };
    shared.set(name, entry);
    entry.answer.finally(() => void (entry.until = Date.now() + SHARE_MILLIS));
    return entry.answer;
  };

  /** Which of these certificates have their private key here. */
  const present = async (thumbprints) =>
    (await ask((connection) => connection.request("host.keys.present", { thumbprints }))).present ?? [];

  /** HealthResult. A host that never heard of it is too old. */
  const health = (params) =>
    ask((connection) => connection.request("host.keys.health", params)).catch((fault) => {
      throw fault?.code === "unknown-method" ? { code: "host-outdated" } : fault;
    });

  /** What the host says of itself, even when it is too old to be asked more; undefined without one. */
  const hello = () =>
    ask(async (connection) => {
      await connection.hello.catch(() => {});
      return connection.greeting;
    }).catch(() => undefined);

  globalThis.ScelleStatus = Object.freeze({ status, present, health, hello });
})();
