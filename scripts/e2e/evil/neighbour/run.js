// The second extension's attacks, with the same signalling as attack pages:
// data-run = {"seq", "names", "part", "config"}, data-done = {"seq", "found"}.
(() => {
  const api = globalThis.browser ?? globalThis.chrome;
  const { id, host } = globalThis.victim;
  const attacks = new Map();
  const attack = (name, control, run) => attacks.set(name, { control, run });
  let config = {};
  const inside = [];
  api.runtime.onMessage.addListener((m) => void (m?.inside && inside.push(m.inside)));

  /** What comes of a promise: its value, or why not. */
  const outcome = async (promise) => {
    try {
      const late = new Promise((_, reject) => setTimeout(reject, 3000, new Error("nothing")));
      return { value: await Promise.race([promise, late]) };
    } catch (error) {
      return { error: String(error?.message ?? error) };
    }
  };
  const got = (what, { value, error }) => (error === undefined ? [`${what}: ${JSON.stringify(value)}`] : []);
  const pageTab = async () => (await api.tabs.query({})).find((t) => (t.url ?? "").startsWith(config.page));
  const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

  const MESSAGES = [
    { to: "worker", method: "status", params: {} },
    { to: "worker", method: "session.get", params: { session: "0".repeat(32) } },
    { to: "worker", method: "site.allow", params: { origin: "https://evil.example" } },
    { to: "assistant", kind: "cancel", session: "0".repeat(32) },
    { to: "content", kind: "response", session: "0".repeat(32), ok: true },
  ];

  attack("messages to the other extension", async () => {
    // To itself the same call arrives: the page hears the background's echo through a port of its own.
    const { value } = await outcome(new Promise((resolve, reject) => {
      api.runtime.onConnect.addListener((p) => resolve(p.name));
      pageTab().then((t) => api.tabs.sendMessage(t.id, "speak", { frameId: 0 })).then((a) => resolve(a && "heard"), reject);
    }));
    return value === "heard" ? [] : ["no message arrives anywhere"];
  }, async () => {
    const found = [];
    for (const message of MESSAGES) found.push(...got(message.method ?? message.kind, await outcome(api.runtime.sendMessage(id, message))));
    const ended = await outcome(new Promise((resolve) => {
      const port = api.runtime.connect(id, { name: "x" });
      port.onMessage.addListener((m) => resolve(`message ${JSON.stringify(m)}`));
      port.onDisconnect.addListener(() => resolve("disconnected"));
      try {
        port.postMessage(MESSAGES[0]);
      } catch {
        // It was gone already.
      }
    }));
    if (ended.value !== "disconnected") found.push(`a port: ${JSON.stringify(ended)}`);
    return found;
  });

  attack("the other extension's host", async () => (typeof api.runtime.connectNative === "function" ? [] : ["no native messaging"]), async () => {
    const found = got("sendNativeMessage", await outcome(api.runtime.sendNativeMessage(host, { id: "1", method: "host.hello", params: { version: "0", protocol: 1 } })));
    const said = await outcome(new Promise((resolve) => {
      const port = api.runtime.connectNative(host);
      port.onMessage.addListener((m) => resolve(m));
      port.onDisconnect.addListener((p) => resolve(`ended: ${api.runtime.lastError?.message ?? p.error?.message}`));
      port.postMessage({ id: "1", method: "host.hello", params: { version: "0", protocol: 1 } });
    }));
    if (!/^ended: /.test(said.value ?? "ended: ")) found.push(`connectNative: ${JSON.stringify(said.value)}`);
    return found;
  });

  const inject = (tabId) => outcome(api.scripting.executeScript({ target: { tabId, allFrames: true }, func: () => { document.querySelector("#use-key, #allow, button")?.click(); return location.href; } }));

  attack("scripts in the other extension's pages", async () => {
    const tab = await pageTab();
    const { value, error } = await inject(tab.id);
    return value?.[0]?.result?.startsWith("http") ? [] : [`not even in a page: ${error}`];
  }, async () => {
    const found = [];
    await Promise.all(["app/popup.html", "app/assistant.html", "app/opening.html", "app/offline.html", "app/backup.html", "app/bridge.html"].map(async (path) => {
      const { value: tab } = await outcome(api.tabs.create({ url: config.base + path, active: false }));
      if (!tab) return;
      await wait(400);
      for (const { result } of (await inject(tab.id)).value ?? []) if (result?.includes("extension:")) found.push(`a script in ${result}`);
      found.push(...got(`a message to ${path}`, await outcome(api.tabs.sendMessage(tab.id, "speak"))));
      if (api.debugger) found.push(...got(`the debugger on ${path}`, await outcome(api.debugger.attach({ tabId: tab.id }, "1.3"))));
      await outcome(api.tabs.remove(tab.id));
    }));
    if (api.debugger) found.push(...got("the debugger on the extension", await outcome(api.debugger.attach({ extensionId: id }, "1.3"))));
    return found.concat(inside.map((href) => `our content script runs in ${href}`));
  });

  attack("clicks in the open assistant", async () => {
    const tab = await pageTab();
    const found = [];
    const { value, error } = await inject(tab.id);
    if (!value?.[0]?.result?.startsWith("http")) found.push(`not even a click in a page: ${error}`);
    if (!api.debugger) return found;
    // A page with a bridge in it is refused too: one without is not.
    const { value: other, error: closed } = await outcome(api.tabs.create({ url: `${config.stranger}/`, active: false }));
    if (!other) return [...found, `no page to debug: ${closed}`];
    await wait(400);
    const attached = await outcome(api.debugger.attach({ tabId: other.id }, "1.3"));
    if (attached.error !== undefined) found.push(`no debugger even on a page: ${attached.error}`);
    else await outcome(api.debugger.detach({ tabId: other.id }));
    await outcome(api.tabs.remove(other.id));
    return found;
  }, async () => {
    const found = [];
    const tried = (await api.tabs.query({})).filter((tab) => /(assistant|opening)\.html/.test(tab.url ?? "") || tab.title === "Scellé");
    if (tried.length === 0) found.push("no assistant to attack");
    for (const tab of tried) {
      for (const { result } of (await inject(tab.id)).value ?? []) if (result?.includes("extension:")) found.push(`a script in ${result}`);
      if (api.debugger) found.push(...got("the debugger on the assistant", await outcome(api.debugger.attach({ tabId: tab.id }, "1.3"))));
    }
    return found;
  });

  attack("the other extension's storage and files", async () => {
    await api.storage.local.set({ own: 1 });
    return (await api.storage.local.get(null)).own === 1 ? [] : ["not even its own"];
  }, async () => {
    const found = [];
    for (const area of ["local", "session", "managed", "sync"]) {
      const { value } = await outcome(api.storage[area]?.get(null) ?? Promise.reject(new Error("none")));
      const names = Object.keys(value ?? {}).filter((k) => k !== "own");
      if (names.length > 0) found.push(`${area}: ${names}`);
    }
    for (const path of ["manifest.json", "app/app.wasm", "app/keys.wasm", "app/plis.wasm", "worker/worker.js", "app/bridge.html"]) found.push(...got(path, await outcome(fetch(config.base + path).then((r) => r.text()))));
    return found;
  });

  attack("the bridge in the page", async () => {
    const tab = await pageTab();
    const { value } = await outcome(api.tabs.sendMessage(tab.id, "address", { frameId: 0 }));
    // Extensions see into closed shadow roots: the nonce, not the root, holds them off.
    return value?.length === 1 ? [] : [`it does not see the bridge: ${JSON.stringify(value)}`];
  }, async () => {
    const tab = await pageTab();
    const { value } = await outcome(api.tabs.sendMessage(tab.id, "speak", { frameId: 0 }));
    const found = (value?.said ?? ["no answer"]).filter((s) => s !== "failed");
    for (const { result } of (await inject(tab.id)).value ?? []) if (result?.includes("extension:")) found.push(`a script in ${result}`);
    return found;
  });

  /** What it does see: the address of the frame in the closed shadow root, which pages do not. */
  attack("the address of the bridge", async () => [], async () => api.tabs.sendMessage((await pageTab()).id, "address", { frameId: 0 }));

  const root = document.documentElement;
  root.dataset.attacks = JSON.stringify([...attacks.keys()]);
  new MutationObserver(async () => {
    const { seq, names, part, config: c } = JSON.parse(root.dataset.run);
    config = { ...config, ...c };
    const run = async (name) => {
      try {
        return (await attacks.get(name)[part]()).map(String);
      } catch (error) {
        return [`the ${part} itself failed: ${error?.stack ?? error}`];
      }
    };
    const found = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await run(name)])));
    root.dataset.done = JSON.stringify({ seq, found });
  }).observe(root, { attributes: true, attributeFilter: ["data-run"] });
})();
