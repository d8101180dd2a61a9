import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";
import { FakeChrome, FakeWindow, closeChannels, load, plain, settle } from "./fakes.js";

const SESSION = "5e".repeat(16);

/** The frame that the content script makes; its bridge says ready unless told otherwise. */
class FakeDocument {
  documentElement = { lang: "fr-FR", append: (node) => this.attach(node) };
  hosts = [];
  bridge = { nonce: "", port: null, heard: [] };
  observers = [];

  constructor(greeting = { kind: "ready" }) {
    this.greeting = greeting;
  }
  createElement = (name) => {
    const node = { name, style: { setProperty() {} }, setAttribute() {}, isConnected: false };
    if (name === "iframe") {
      node.addEventListener = (_, fn) => (node.onload = fn);
      node.contentWindow = { postMessage: (message, target, [port]) => this.connect(message, target, port) };
    }
    node.attachShadow = ({ mode }) => {
      node.mode = mode;
      return { append: (frame) => (node.frame = frame) };
    };
    node.remove = () => {
      node.isConnected = false;
      this.observers.forEach((fn) => fn());
    };
    return node;
  };
  attach(node) {
    node.isConnected = true;
    this.hosts.push(node);
    setImmediate(() => node.frame.onload());
  }
  connect({ scelle, nonce }, target, port) {
    assert.deepEqual([scelle, target], [1, "*"]);
    Object.assign(this.bridge, { nonce, port });
    port.onmessage = ({ data }) => this.bridge.heard.push(data);
    port.postMessage(this.greeting);
  }
}

const start = (over = {}) => {
  const chrome = new FakeChrome();
  const window = over.window ?? new FakeWindow();
  const document = over.document ?? new FakeDocument();
  chrome.answerRuntime = async (m) => {
    if (m.method === "bridge.attach") return { ok: true, result: { nonce: "ab".repeat(16) } };
    if (m.method === "keys.add" || m.method === "pli.open") return { ok: true, result: { session: SESSION } };
    return { ok: true, result: { echo: m.params } };
  };
  class MutationObserver {
    constructor(fn) {
      document.observers.push(fn);
    }
    observe() {}
    disconnect() {}
  }
  const world = load(
    { chrome, window, document, location: window.location, origin: window.origin, navigator: { language: "en-GB" }, MutationObserver, ...over.globals },
    "gen/protocol.js", "gen/faults.js", "content/content.js",
  );
  const say = async (message) => {
    window.postMessage({ scelle: 1, to: "content", ...message }, window.location.origin);
    await settle();
  };
  const heard = (kind) => plain(window.posted.filter((m) => m.to === "page" && m.kind === kind && m.step !== "accepted"));
  const request = (id, method, params, more) => say({ kind: "request", id, method, params, ...more });
  const ours = () => chrome.toRuntime.find((m) => m.document)?.document;
  const extensionSays = (message, sender = { id: chrome.runtime.id }) => chrome.ask({ to: "content", document: ours(), session: SESSION, ...message }, sender);
  return { chrome, window, document, world, say, heard, request, extensionSays };
};

test.after(closeChannels);

test("greets the page and relays a question with its own random name", async () => {
  const page = start();
  assert.deepEqual(page.heard("hello"), [{ scelle: 1, to: "page", kind: "hello" }]);
  await page.request("r1", "status", { a: 1 });
  const [message] = page.chrome.toRuntime;
  assert.deepEqual({ ...message, document: "" }, { to: "worker", method: "status", params: { a: 1 }, document: "", request: "r1", language: "fr" });
  assert.match(message.document, /^[0-9a-f]{32}$/);
  assert.deepEqual(page.heard("response"), [{ scelle: 1, to: "page", kind: "response", id: "r1", ok: true, result: { echo: { a: 1 } } }]);
  assert.notEqual(start().chrome, page.chrome);
});

test("acknowledges before anything else, so that a page can tell absence from slowness", async () => {
  const page = start();
  await page.request("r1", "status", {});
  assert.deepEqual(plain(page.window.posted.find((m) => m.kind === "progress")), { scelle: 1, to: "page", kind: "progress", id: "r1", step: "accepted", done: 0, total: 0 });
});

test("faults carry words in the document's language, wherever they stand", async () => {
  const page = start();
  page.chrome.answerRuntime = async () => ({ ok: true, result: { host: { fault: { code: "host-missing" } }, list: [{ fault: { code: "not-a-code", detail: "x" } }] } });
  await page.request("r1", "status", {});
  const { host, list } = page.heard("response")[0].result;
  assert.equal(host.fault.message, page.world.ScelleFaults["host-missing"].fr.text);
  assert.equal(host.fault.remedy, page.world.ScelleFaults["host-missing"].fr.remedy);
  assert.equal(list[0].fault.message, page.world.ScelleFaults.internal.fr.text);
  page.document.documentElement.lang = "de";
  page.chrome.answerRuntime = async () => ({ ok: false, fault: { code: "site-not-allowed" } });
  await page.request("r2", "status", {});
  assert.equal(page.heard("response")[1].fault.message, page.world.ScelleFaults["site-not-allowed"].en.text, "then the browser's");
});

test("what is wrong with this computer is a code to the page, wherever it stands", async () => {
  const page = start();
  const opens = page.chrome.answerRuntime;
  const secret = "/usr/lib/pkcs11/libcard.so: Carte d'Anne";
  const own = ["store-failed", "store-library-missing", "token-removed", "read-failed", "file-exists", "certificate-bad", "host-unreachable", "internal", "not-a-code"].map((code) => ({ code, detail: secret }));
  page.chrome.answerRuntime = async () => ({
    ok: true,
    result: { host: { fault: own[6] }, store: { fault: own[0] }, list: own.map((fault) => ({ fault })), portal: { fault: { code: "portal-refused", detail: "409" } } },
  });
  await page.request("r1", "status", {});
  const { result } = page.heard("response")[0];
  assert.ok(!JSON.stringify(result).includes("libcard"), JSON.stringify(result));
  assert.deepEqual(result.list.map(({ fault }) => fault.code), own.map(({ code }) => code));
  assert.equal(result.portal.fault.detail, "409", "what the page itself did wrong is told");
  page.chrome.answerRuntime = async () => ({ ok: false, fault: own[1] });
  await page.request("r2", "keys.health", {});
  assert.deepEqual(page.heard("response")[1].fault.detail, undefined);
  page.chrome.answerRuntime = opens;
  await page.request("r3", "pli.open", {});
  page.extensionSays({ kind: "call", call: "1", name: "receiveRecord", args: { plis: [{ fault: own[2] }, { fault: { code: "envelope-unsupported", detail: "DES" } }] } });
  await settle();
  assert.deepEqual(page.heard("call")[0].args, { plis: [{ fault: { code: "token-removed" } }, { fault: { code: "envelope-unsupported", detail: "DES" } }] });
  await page.extensionSays({ kind: "response", request: "r3", ok: false, fault: own[3] });
  assert.deepEqual([page.heard("response")[2].fault.code, page.heard("response")[2].fault.detail], ["read-failed", undefined]);
});

test("does not start where it has no business", () => {
  const framed = new FakeWindow();
  framed.top = new FakeWindow();
  const insecure = new FakeWindow("http://portail.example");
  insecure.isSecureContext = false;
  const sandboxed = new FakeWindow();
  for (const [window, globals] of [[framed], [insecure], [sandboxed, { origin: "null" }], [new FakeWindow("null")]]) {
    const page = start({ window, globals });
    assert.deepEqual([window.posted.length, window.listeners.size, page.chrome.runtime.onMessage.listeners.length], [0, 0, 0]);
  }
});

test("starts once in a document", async () => {
  const page = start();
  vm.runInContext(readFileSync(new URL("../content/content.js", import.meta.url), "utf8"), page.world);
  assert.equal(page.heard("hello").length, 1);
});

test("leaves no name in its world but the generated tables and its mark", () => {
  const { world } = start();
  const bare = load({}, "gen/protocol.js", "gen/faults.js");
  const extra = Reflect.ownKeys(world).filter((k) => !Reflect.ownKeys(bare).includes(k)).map(String);
  assert.equal(vm.runInContext('typeof globalThis[Symbol.for("scelle.content")]', world), "function");
  assert.deepEqual(extra.sort(), ["MutationObserver", "chrome", "document", "location", "navigator", "origin", "window"]);
});

test("hears only the page itself, and only what has the right shape", async () => {
  const page = start();
  const good = { scelle: 1, to: "content", kind: "request", id: "r", method: "status", params: {} };
  const event = { data: good, source: page.window, origin: page.window.location.origin, isTrusted: true };
  const bad = [
    { ...event, source: new FakeWindow() }, { ...event, source: null }, { ...event, origin: "https://evil.example" }, { ...event, origin: "null" }, { ...event, isTrusted: false },
    ...[null, "x", 7, { ...good, scelle: 2 }, { ...good, to: "page" }, { ...good, id: "" }, { ...good, id: "x".repeat(65) }, { ...good, id: { toString: () => "r" } }, { ...good, kind: "response" }, { ...good, kind: "hello" }, { ...good, kind: "constructor" }, { ...good, kind: 1 }].map((data) => ({ ...event, data })),
  ];
  const before = page.window.posted.length;
  for (const e of bad) page.window.dispatch("message", e);
  await settle();
  assert.deepEqual([page.window.posted.length, page.chrome.toRuntime.length], [before, 0]);
  page.window.dispatch("message", event);
  await settle();
  assert.equal(page.heard("response").length, 1);
});

test("passes on only what the table lets a page send", async () => {
  const page = start();
  const { methods } = page.world.ScelleProtocol;
  const forbidden = Object.keys(methods).filter((m) => !methods[m].from.includes("page") || m === "bridge.attach");
  assert.ok(forbidden.length > 15);
  for (const [i, method] of forbidden.entries()) {
    await page.request(`r${i}`, method, {});
    assert.equal(page.heard("response").at(-1).fault.code, "not-permitted", method);
  }
  for (const method of ["nothing", "__proto__", "constructor", "", 1, null, undefined]) {
    await page.request("x", method, {});
    assert.equal(page.heard("response").at(-1).fault.code, "unknown-method", String(method));
  }
  assert.deepEqual(page.chrome.toRuntime, []);
});

test("limits: size, number, and an id keeps its first meaning", async () => {
  const page = start();
  await page.request("big", "keys.add", { name: "x".repeat(1 << 20) });
  assert.equal(page.heard("response")[0].fault.code, "message-too-large");
  page.chrome.answerRuntime = () => new Promise(() => {});
  for (let i = 0; i < 32; i++) await page.request(`r${i}`, "status", {});
  await page.request("r0", "status", {});
  assert.equal(page.heard("response").length, 1, "r0 still has its own answer to come");
  await page.request("r32", "status", {});
  assert.equal(page.heard("response")[1].fault.code, "busy");
  assert.equal(page.chrome.toRuntime.length, 32);
});

test("a session: calls go to the page, answers come back, one response ends it", async () => {
  const page = start();
  await page.request("r1", "keys.add", { name: "n" });
  assert.deepEqual(page.heard("response"), []);
  await page.extensionSays({ kind: "progress", step: "proof", done: 1, total: 3 });
  assert.deepEqual(page.heard("progress").at(-1), { scelle: 1, to: "page", kind: "progress", id: "r1", step: "proof", done: 1, total: 3 });
  const answer = page.extensionSays({ kind: "call", call: "1", name: "submitCertificate", args: { name: "n" } });
  await settle();
  assert.deepEqual(page.heard("call"), [{ scelle: 1, to: "page", kind: "call", id: "r1", call: "1", name: "submitCertificate", args: { name: "n" } }]);
  await page.say({ kind: "call-result", id: "r1", call: "1", ok: true, result: { id: "7", more: () => 1 && undefined } }).catch(() => {});
  assert.deepEqual(await answer, { ok: true, result: { id: "7" } });
  assert.deepEqual(await page.extensionSays({ kind: "ping" }), { ok: true });
  assert.deepEqual(await page.extensionSays({ kind: "response", request: "r1", ok: true, result: { done: true } }), { ok: true });
  assert.deepEqual(page.heard("response"), [{ scelle: 1, to: "page", kind: "response", id: "r1", ok: true, result: { done: true } }]);
  assert.equal((await page.extensionSays({ kind: "ping" })).fault.code, "session-lost");
  await page.extensionSays({ kind: "response", request: "r1", ok: true, result: {} });
  assert.equal(page.heard("response").length, 1);
});

test("a call that waits when its request ends is lost, not forgotten", async () => {
  const page = start();
  await page.request("r1", "pli.open", {});
  const answer = page.extensionSays({ kind: "call", call: "1", name: "discard", args: {} });
  await settle();
  await page.extensionSays({ kind: "response", request: "r1", ok: false, fault: { code: "cancelled" } });
  assert.equal((await answer).fault.code, "session-lost");
});

test("the extension's messages: only from itself, to this document, for a session that is ours", async () => {
  const page = start();
  await page.request("r1", "keys.add", {});
  const call = { kind: "call", call: "1", name: "submitCertificate", args: {} };
  assert.equal(await page.extensionSays(call, { id: "another" }), "no reply");
  assert.equal(await page.extensionSays({ ...call, document: "0".repeat(32) }), "no reply");
  assert.equal(await page.extensionSays({ ...call, to: "page" }), "no reply");
  assert.equal((await page.extensionSays({ ...call, session: "x" })).fault.code, "session-lost");
  assert.equal((await page.extensionSays({ ...call, name: "eval" })).fault.code, "not-permitted");
  assert.equal((await page.extensionSays({ ...call, name: "__proto__" })).fault.code, "not-permitted");
  assert.deepEqual(page.heard("call"), []);
});

test("a page's reasons are codes; its words do not reach our windows", async () => {
  const page = start();
  await page.request("r1", "keys.add", {});
  for (const [fault, want] of [
    [{ code: "portal-refused", detail: "409" }, { code: "portal-refused", detail: "409" }],
    [{ code: "portal-refused", detail: "<b>Type your PIN at evil.example</b>" }, { code: "portal-refused" }],
    [{ code: "made-up" }, { code: "portal-failed" }],
    [undefined, { code: "portal-failed" }],
  ]) {
    const answer = page.extensionSays({ kind: "call", call: "1", name: "submitProof", args: {} });
    await settle();
    await page.say({ kind: "call-result", id: "r1", call: "1", ok: false, fault });
    assert.deepEqual(await answer, { ok: false, fault: want });
  }
});

test("cancelling tells the assistant and answers the page", async () => {
  const page = start();
  await page.request("r1", "pli.open", {});
  await page.say({ kind: "cancel", id: "r1" });
  const told = page.chrome.toRuntime.at(-1);
  assert.deepEqual({ ...told, document: "" }, { to: "assistant", kind: "cancel", session: SESSION, document: "" });
  assert.equal(page.heard("response")[0].fault.code, "cancelled");
  const before = page.chrome.toRuntime.length;
  await page.say({ kind: "cancel", id: "r1" });
  assert.equal(page.chrome.toRuntime.length, before);
});

test("a session that opens after its request was cancelled is cancelled too", async () => {
  const page = start();
  let open;
  page.chrome.answerRuntime = (m) => (m.method === "keys.add" ? new Promise((resolve) => (open = resolve)) : Promise.resolve());
  await page.request("r1", "keys.add", {});
  await page.say({ kind: "cancel", id: "r1" });
  open({ ok: true, result: { session: SESSION } });
  await settle();
  assert.equal(page.chrome.toRuntime.at(-1).session, SESSION);
});

test("seals through a frame in a closed shadow root; files go by reference", async () => {
  const page = start();
  const file = new File(["x"], "a.txt");
  await page.request("s1", "pli.seal", { tender: "T" }, { files: [file] });
  await settle(12);
  const { bridge, hosts } = page.document;
  assert.deepEqual([bridge.nonce, hosts.length, hosts[0].mode], ["ab".repeat(16), 1, "closed"]);
  assert.match(hosts[0].frame.src, /^chrome-extension:\/\/[a-p]{32}\/app\/bridge\.html$/);
  assert.deepEqual([bridge.heard[0].kind, bridge.heard[0].id, bridge.heard[0].method, bridge.heard[0].params], ["request", "s1", "pli.seal", '{"tender":"T"}']);
  assert.ok(bridge.heard[0].files[0] instanceof Blob);
  bridge.port.postMessage({ kind: "progress", id: "s1", step: "seal", done: 1, total: 2 });
  bridge.port.postMessage({ kind: "response", id: "s1", ok: true, result: '{"handle":"h"}', file: new Blob(["y"]) });
  await settle(12);
  const response = page.window.posted.find((m) => m.kind === "response");
  assert.deepEqual(plain(response.result), { handle: "h" });
  assert.equal(await response.file.text(), "y");
  await page.request("s2", "pli.release", { handle: "h" });
  await settle(12);
  assert.equal(page.document.hosts.length, 1, "one bridge for a document");
});

test("the document vouches for the one bridge that it is starting, and for no other", async () => {
  const document = new FakeDocument({ kind: "later" });
  document.connect = (_, __, port) => (document.bridge.port = port); // the bridge asks the worker
  const page = start({ document });
  const vouch = async (nonce) => (await page.extensionSays({ kind: "bridge", nonce, session: undefined })).ok;
  await page.request("s1", "pli.seal", {}, { files: [] });
  await settle(12);
  assert.deepEqual([await vouch("ab".repeat(16)), await vouch("cd".repeat(16)), await vouch(undefined), await vouch("")], [true, false, false, false]);
  assert.equal(await page.extensionSays({ kind: "bridge", nonce: "ab".repeat(16) }, { id: "another" }), "no reply");
  document.bridge.port.postMessage({ kind: "ready" });
  await settle(12);
  assert.equal(await vouch("ab".repeat(16)), false, "the bridge is there: its nonce is over");
});

test("only files are files", async () => {
  const page = start();
  for (const files of ["x", [{}], [new File([], "a"), "b"], Array(10_001).fill(new File([], "a"))]) {
    await page.request("s", "pli.seal", {}, { files });
    assert.equal(page.heard("response").at(-1).fault.code, "bad-request");
  }
  assert.equal(page.document.hosts.length, 0);
});

test("a page that removes the frame loses its work and gets a new frame", async () => {
  const page = start();
  await page.request("s1", "pli.seal", {}, { files: [] });
  await settle(12);
  page.document.hosts[0].remove();
  await settle();
  assert.equal(page.heard("response")[0].fault.code, "session-lost");
  await page.request("s2", "pli.seal", {}, { files: [] });
  await settle(12);
  assert.equal(page.document.hosts.length, 2);
});

test("a bridge that fails is a fault, and the next try is a new one", async () => {
  const document = new FakeDocument({ kind: "failed", fault: { code: "not-permitted" } });
  const page = start({ document });
  await page.request("s1", "pli.seal", {}, { files: [] });
  await settle(12);
  assert.equal(page.heard("response")[0].fault.code, "not-permitted");
  assert.equal(document.hosts[0].isConnected, false);
  document.greeting = { kind: "ready" };
  await page.request("s2", "pli.seal", {}, { files: [] });
  await settle(12);
  assert.equal(document.bridge.heard.length, 1);
});

test("envelopes and opened files pass through the bridge, not through messages", async () => {
  const page = start();
  await page.request("r1", "pli.open", {});
  const fetched = page.extensionSays({ kind: "call", call: "1", name: "fetchEnvelope", args: { id: "p" } });
  await settle();
  await page.say({ kind: "call-result", id: "r1", call: "1", ok: true, file: new Blob(["cms"]) });
  assert.deepEqual(await fetched, { ok: true, file: true });
  const { bridge } = page.document;
  await settle(12);
  assert.deepEqual([bridge.heard[0].kind, bridge.heard[0].session, bridge.heard[0].call], ["file", SESSION, "1"]);
  assert.equal(await bridge.heard[0].file.text(), "cms");

  const handed = page.extensionSays({ kind: "call", call: "2", name: "receiveOpened", args: { id: "p" }, files: 1 });
  await settle(12);
  assert.equal(bridge.heard[1].kind, "expect");
  bridge.port.postMessage({ kind: "files", session: SESSION, call: "2", files: [new File(["offre"], "o.txt")] });
  await settle(12);
  const call = page.window.posted.find((m) => m.kind === "call" && m.call === "2");
  assert.equal(await call.files[0].text(), "offre");
  await page.say({ kind: "call-result", id: "r1", call: "2", ok: true });
  assert.deepEqual(await handed, { ok: true, result: {} });

  const none = page.extensionSays({ kind: "call", call: "4", name: "receiveOpened", args: { id: "p" }, files: 1 });
  await settle(12);
  bridge.port.postMessage({ kind: "files", session: SESSION, call: "4" });
  assert.equal((await none).fault.code, "session-lost");
  assert.equal(page.heard("call").filter((m) => m.call === "4").length, 0, "the page is not called without them");

  const bad = page.extensionSays({ kind: "call", call: "3", name: "fetchEnvelope", args: { id: "p" } });
  await settle();
  await page.say({ kind: "call-result", id: "r1", call: "3", ok: true, file: "not a file" });
  assert.equal((await bad).fault.code, "bad-request");
});

test("an orphan of a reloaded extension answers what it owes and falls silent", async () => {
  const page = start();
  await page.request("r1", "keys.add", {});
  page.chrome.runtime.id = undefined;
  page.window.postMessage({ scelle: 1, to: "page", kind: "hello" }, page.window.location.origin); // the next content script
  await settle();
  assert.equal(page.heard("response")[0].fault.code, "session-lost");
  const before = page.window.posted.length;
  await page.request("r2", "status", {});
  assert.equal(page.window.posted.length, before + 1, "nothing but the request itself");
});

test("back from the back-forward cache, requests are given up", async () => {
  const page = start();
  await page.request("r1", "keys.add", {});
  page.window.dispatch("pageshow", { persisted: false });
  assert.equal(page.heard("response").length, 0);
  page.window.dispatch("pageshow", { persisted: true });
  assert.equal(page.heard("response")[0].fault.code, "session-lost");
});
