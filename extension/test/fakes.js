// Stand-ins for the browser, for the unit tests of the glue. They keep only
// what the glue uses, and answer like Chromium where browsers differ.
import { readFileSync } from "node:fs";
import vm from "node:vm";
import { webcrypto } from "node:crypto";

const ROOT = new URL("../", import.meta.url);
export const EXTENSION = "chrome-extension://ndpdpcogkllnmgclgneefjffomopdbhh";
export const PORTAL = "https://portail.example";

/** What the worker loads, but for Go's wasm_exec.js. */
export const WORKER = [
  "gen/protocol.js", "app/native.js", "app/managed.js", "worker/portals.js", "worker/publisher.js", "worker/update.js",
  "worker/sites.js", "worker/sessions.js", "worker/status.js", "worker/worker.js",
];

/** Values that cross a vm context lose their prototypes: compare them plain. */
export const plain = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

/** Lets everything that is ready run. */
export const settle = async (rounds = 6) => {
  for (let i = 0; i < rounds; i++) await new Promise((resolve) => setImmediate(resolve));
};

const channels = [];
class Channel {
  constructor() {
    const { port1, port2 } = new MessageChannel();
    channels.push(port1);
    Object.assign(this, { port1, port2 });
  }
}
/** Open ports keep node running: call this when the tests of a file are over. */
export const closeChannels = () => channels.splice(0).forEach((port) => port.close());

/** Runs classic scripts of the extension in a world of their own. */
export const load = (globals, ...paths) => {
  const world = vm.createContext({
    console: { error() {} }, URL, TextEncoder, Blob, File, MessageChannel: Channel, MessagePort, crypto: webcrypto,
    setTimeout, clearTimeout, structuredClone, ...globals,
  });
  return run(world, ...paths);
};

/** Runs more scripts in a world that load made. */
export const run = (world, ...paths) => {
  for (const path of paths) vm.runInContext(readFileSync(new URL(path, ROOT), "utf8"), world, { filename: path });
  return world;
};

class FakeEvent {
  listeners = [];
  addListener = (fn) => void this.listeners.push(fn);
  fire = (...args) => Promise.all(this.listeners.map((fn) => fn(...args)));
}

class FakeArea {
  data = {};
  get = async (key) => structuredClone(key === null ? this.data : Object.hasOwn(this.data, key) ? { [key]: this.data[key] } : {});
  set = async (values) => void Object.assign(this.data, plain(values));
  remove = async (keys) => void [keys].flat().forEach((k) => delete this.data[k]);
}

/** chrome.* of an extension's own contexts, in memory. */
export class FakeChrome {
  granted = new Set(); // match patterns
  scripts = []; // registered content scripts
  injected = []; // tab ids
  openTabs = []; // {id, url}
  openWindows = new Map(); // id -> url
  focused = [];
  toTabs = []; // what was sent to content scripts: [tabId, message, options]
  toRuntime = []; // what was sent with runtime.sendMessage
  answerTab = () => ({ ok: true }); // how content scripts answer; throw for a page that is gone
  answerRuntime = async () => undefined;
  optional = ["https://*/*"];
  host = undefined; // (message, port) => void, or undefined: no host
  ending = "Specified native messaging host not found.";

  runtime = {
    id: "ndpdpcogkllnmgclgneefjffomopdbhh",
    lastError: undefined,
    onMessage: new FakeEvent(),
    onInstalled: new FakeEvent(),
    onStartup: new FakeEvent(),
    getURL: (path) => `${EXTENSION}/${path}`,
    getManifest: () => ({ optional_host_permissions: this.optional }),
    sendMessage: async (message) => {
      this.toRuntime.push(plain(message));
      return this.answerRuntime(plain(message));
    },
    connectNative: () => this.connectNative(),
  };
  badge = "";
  action = { setBadgeText: async ({ text }) => void (this.badge = text) };
  storage = { local: new FakeArea(), session: new FakeArea(), managed: new FakeArea() };
  permissions = {
    onAdded: new FakeEvent(),
    onRemoved: new FakeEvent(),
    contains: async ({ origins }) => origins.every((o) => this.granted.has(o)),
    remove: async ({ origins }) => origins.every((o) => this.granted.delete(o)),
  };
  scripting = {
    getRegisteredContentScripts: async () => this.scripts,
    unregisterContentScripts: async () => void (this.scripts = []),
    registerContentScripts: async (scripts) => void this.scripts.push(...plain(scripts)),
    executeScript: async ({ target }) => void this.injected.push(target.tabId),
  };
  tabs = {
    onRemoved: new FakeEvent(),
    onUpdated: new FakeEvent(),
    query: async ({ url }) => this.openTabs.filter((t) => t.url.startsWith(url.slice(0, -2))),
    sendMessage: async (tabId, message, options) => {
      const answer = this.answerTab(plain(message)); // throws when the page is gone
      this.toTabs.push(plain([tabId, message, options]));
      return answer;
    },
  };
  windows = {
    onRemoved: new FakeEvent(),
    create: async ({ url }) => {
      const id = 100 + this.openWindows.size;
      this.openWindows.set(id, url);
      return { id };
    },
    get: async (id) => {
      if (!this.openWindows.has(id)) throw new Error("no window");
      return { id };
    },
    update: async (id) => void this.focused.push(id),
    remove: async (id) => {
      this.openWindows.delete(id);
      await this.windows.onRemoved.fire(id);
    },
  };

  connectNative() {
    const port = { onMessage: new FakeEvent(), onDisconnect: new FakeEvent(), sent: [], closed: false, disconnect: () => void (port.closed = true) };
    const end = (text) => {
      this.runtime.lastError = { message: text };
      port.onDisconnect.fire(port);
      this.runtime.lastError = undefined;
    };
    port.end = end;
    port.postMessage = (message) => {
      port.sent.push(plain(message));
      setImmediate(() => (this.host ? this.host(plain(message), port) : end(this.ending)));
    };
    this.ports = [...(this.ports ?? []), port];
    return port;
  }

  /** Sends a message as the browser would deliver it; resolves with the reply. */
  ask(message, sender) {
    return new Promise((resolve) => {
      const later = this.runtime.onMessage.listeners.map((fn) => fn(message, sender, (answer) => resolve(plain(answer))));
      if (!later.includes(true)) setImmediate(resolve, "no reply");
    });
  }
}

/** A host that greets and answers by a table of functions. */
export const fakeHost = (answers = {}, hello = { version: "0.1.0", protocol: 1, minProtocol: 1, os: "linux", arch: "amd64" }) => (message, port) => {
  const run = { "host.hello": () => hello, ...answers }[message.method];
  try {
    if (!run) throw { code: "unknown-method" };
    port.onMessage.fire({ id: message.id, ok: true, result: run(message.params) });
  } catch (fault) {
    port.onMessage.fire({ id: message.id, ok: false, fault });
  }
};

/** A top-level document's window, as much of it as message passing needs. */
export class FakeWindow {
  listeners = new Map();
  posted = []; // every message, also our own
  isSecureContext = true;
  length = 0;

  constructor(origin = PORTAL) {
    this.location = { origin };
    this.origin = origin;
    this.top = this;
  }
  addEventListener = (type, fn) => void this.listeners.set(type, [...(this.listeners.get(type) ?? []), fn]);
  removeEventListener = (type, fn) => void this.listeners.set(type, (this.listeners.get(type) ?? []).filter((l) => l !== fn));
  dispatch = (type, event) => (this.listeners.get(type) ?? []).forEach((fn) => fn(event));
  /** Delivers as window.postMessage does: later, and with the browser's word for source and origin. */
  postMessage = (message, target) => {
    if (target !== this.location.origin) throw new Error(`posted to ${target}`);
    this.posted.push(message);
    setImmediate(() => this.dispatch("message", { data: message, source: this, origin: this.location.origin, isTrusted: true }));
  };
}
