import assert from "node:assert/strict";
import test from "node:test";
import { EXTENSION, FakeChrome, PORTAL, WORKER, fakeHost, load, run, settle } from "./fakes.js";

const DOCUMENT = "0123456789abcdef0123456789abcdef";
const THUMBPRINT = "ab".repeat(32);
const OTHER = "cd".repeat(32);

const pageSender = (over = {}) => ({
  id: "ndpdpcogkllnmgclgneefjffomopdbhh", url: `${PORTAL}/marches?x=1`, origin: PORTAL, frameId: 0, documentId: "DOC", tab: { id: 7 }, ...over,
});
const appSender = (file = "assistant.html", over = {}) => ({ id: "ndpdpcogkllnmgclgneefjffomopdbhh", url: `${EXTENSION}/app/${file}`, origin: EXTENSION, ...over });
const bridgeSender = (tab = 7) => appSender("bridge.html", { frameId: 3, tab: { id: tab } });

/** A worker as Firefox loads it, the portal allowed unless said otherwise. */
const start = async ({ allowed = true, chrome = new FakeChrome(), known } = {}) => {
  const world = load({ chrome }, ...WORKER.slice(0, 4));
  if (known) world.ScellePortals = known; // as scripts/pack -portals writes it
  run(world, ...WORKER.slice(4));
  const ask = (method, params, sender, extra = {}) => chrome.ask({ to: "worker", method, params, ...extra }, sender);
  const fromPage = (method, params = {}, sender = pageSender()) => ask(method, params, sender, { document: DOCUMENT, request: "r1", language: "fr" });
  const fromApp = (method, params = {}, sender = appSender()) => ask(method, params, sender);
  if (allowed) {
    chrome.granted.add(`${PORTAL}/*`);
    assert.equal((await fromApp("site.allow", { origin: PORTAL })).result.allowed, true);
  }
  return { chrome, world, ask, fromPage, fromApp };
};

const sessions = (chrome) => Object.entries(chrome.storage.session.data).filter(([k]) => k.startsWith("session:")).map(([, v]) => v);

test("who may send what is the generated table, for every method and party", async () => {
  const { world, fromPage, fromApp, ask } = await start();
  const send = { page: fromPage, app: fromApp, bridge: (m) => ask(m, {}, bridgeSender()) };
  let checked = 0;
  for (const [method, spec] of Object.entries(world.ScelleProtocol.methods)) {
    for (const party of ["page", "bridge", "app"]) {
      const { fault } = await send[party](method);
      const refused = fault?.code === "not-permitted" || fault?.code === "unknown-method";
      const spent = method === "bridge.verify" && party === "bridge"; // a nonce that is none
      const mayHere = spec.from.includes(party) && !["host", "bridge"].includes(spec.to);
      assert.equal(refused && !spent, !mayHere, `${method} from ${party}: ${fault?.code}`);
      checked++;
    }
  }
  assert.ok(checked > 60);
});

test("nobody else may ask", async () => {
  const { ask, fromPage } = await start();
  const strangers = {
    "another extension": pageSender({ id: "other" }),
    "a frame of the page": pageSender({ frameId: 4 }),
    "no document": pageSender({ url: undefined }),
    "an own document in a frame": appSender("assistant.html", { frameId: 2, tab: { id: 7 } }),
    "an own file that is no screen": { ...appSender(), url: `${EXTENSION}/page/x.html` },
    "a bridge without a page": appSender("bridge.html", { frameId: 0, tab: { id: 7 } }),
  };
  for (const [who, sender] of Object.entries(strangers)) {
    for (const method of ["status", "keys.add", "session.get", "bridge.verify"]) {
      const answer = await ask(method, {}, sender, { document: DOCUMENT, request: "r" });
      assert.deepEqual(answer, { ok: false, fault: { code: "not-permitted" } }, `${who}: ${method}`);
    }
  }
  assert.equal((await fromPage("constructor")).fault.code, "unknown-method");
  assert.equal((await fromPage("__proto__")).fault.code, "unknown-method");
});

test("the origin is the browser's word, not the message's", async () => {
  const { chrome, fromPage, ask } = await start();
  await ask("keys.add", {}, pageSender(), { document: DOCUMENT, request: "r1", origin: "https://evil.example", tabId: 9, documentId: "X" });
  const [{ session }] = sessions(chrome);
  assert.deepEqual([session.origin, session.tabId, session.documentId, session.frameId], [PORTAL, 7, "DOC", 0]);
  assert.equal((await fromPage("status", {}, pageSender({ origin: "null" }))).fault.code, "bad-request");
  assert.equal((await fromPage("status", {}, pageSender({ origin: `${PORTAL}:8443`, url: `${PORTAL}:8443/` }))).fault.code, "site-not-allowed");
});

test("a site that was not allowed learns nothing, whatever this computer holds", async () => {
  const answers = new Set();
  for (const host of [undefined, fakeHost({ "host.status": () => ({ stores: [{ state: "ready" }] }), "host.keys.present": () => ({ present: [THUMBPRINT] }) })]) {
    const { chrome, fromPage } = await start({ allowed: false });
    chrome.host = host;
    for (const [method, params] of [["status", {}], ["keys.present", { thumbprints: [THUMBPRINT] }], ["keys.add", {}], ["pli.open", {}], ["bridge.attach", {}]]) {
      answers.add(JSON.stringify(await fromPage(method, params)));
    }
    assert.equal(chrome.ports, undefined, "the host was asked");
    assert.equal(chrome.openWindows.size, 0);
  }
  assert.deepEqual([...answers], ['{"ok":false,"fault":{"code":"site-not-allowed"}}']);
});

test("permission and wish make a grant, in either order", async () => {
  const { chrome, fromApp, fromPage } = await start({ allowed: false });
  chrome.openTabs = [{ id: 7, url: `${PORTAL}/a` }, { id: 8, url: "https://other.example/" }];
  assert.equal((await fromApp("site.allow", { origin: PORTAL })).result.allowed, false);
  assert.deepEqual(chrome.scripts, []);
  chrome.granted.add(`${PORTAL}/*`);
  await chrome.permissions.onAdded.fire({ origins: [`${PORTAL}/*`] });
  assert.equal((await fromApp("site.state", { origin: PORTAL })).result.allowed, true);
  assert.deepEqual(chrome.scripts[0].matches, [`${PORTAL}/*`]);
  assert.equal(chrome.scripts[0].allFrames, false);
  assert.deepEqual(chrome.injected, [7], "open pages get it at once");
  assert.equal((await fromPage("status")).ok, true);
});

test("a permission that nobody wished for here is no grant", async () => {
  const { chrome, fromApp } = await start({ allowed: false });
  chrome.granted.add(`${PORTAL}/*`);
  await chrome.permissions.onAdded.fire({ origins: [`${PORTAL}/*`] });
  assert.equal((await fromApp("site.state", { origin: PORTAL })).result.allowed, false);
  assert.deepEqual(chrome.scripts, []);
});

test("only secure sites, loopback in a demo build", async () => {
  const { chrome, fromApp } = await start({ allowed: false });
  const code = async (origin) => (await fromApp("site.allow", { origin })).fault?.code ?? "";
  const loopback = "http://127.0.0.1:8080";
  chrome.granted.add("http://127.0.0.1/*").add("http://portail.example/*");
  for (const origin of ["http://portail.example", loopback, "https://portail.example/", "file://", "x", "null"]) assert.equal(await code(origin), "site-not-secure", origin);
  chrome.optional = ["https://*/*", "http://127.0.0.1/*", "http://localhost/*"];
  assert.equal(await code(loopback), "");
  assert.deepEqual(chrome.scripts[0].matches, ["http://127.0.0.1/*"]);
  assert.equal(await code("http://portail.example"), "site-not-secure");
  assert.equal((await fromApp("site.state", { origin: "http://127.0.0.1:9" })).result.allowed, false, "another port is another site");
});

test("forgetting a site and losing its permission both end the grant", async () => {
  const { chrome, fromApp, fromPage } = await start();
  await fromApp("site.remember", { origin: PORTAL, thumbprint: THUMBPRINT });
  assert.equal((await fromApp("site.forget", { origin: PORTAL })).result.allowed, false);
  assert.deepEqual([chrome.granted.size, chrome.scripts.length], [0, 0]);
  assert.equal((await fromPage("status")).fault.code, "site-not-allowed");

  const second = await start();
  second.chrome.granted.clear();
  assert.equal((await second.fromPage("status")).fault.code, "site-not-allowed", "at once");
  await second.chrome.permissions.onRemoved.fire({ origins: [`${PORTAL}/*`] });
  assert.deepEqual([second.chrome.scripts.length, second.chrome.storage.local.data.grants], [0, {}]);
});

test("after an update open pages get the new content script", async () => {
  const { chrome } = await start();
  chrome.openTabs = [{ id: 21, url: `${PORTAL}/b` }];
  chrome.injected = [];
  await chrome.runtime.onInstalled.fire({ reason: "update" });
  assert.deepEqual(chrome.injected, [21]);
  assert.equal(chrome.scripts.length, 1);
});

test("keys.present speaks only of keys that this origin registered", async () => {
  const { chrome, fromApp, fromPage } = await start();
  const asked = [];
  chrome.host = fakeHost({ "host.keys.present": ({ thumbprints }) => (asked.push(thumbprints), { present: [THUMBPRINT, OTHER] }) });
  const ask = async () => (await fromPage("keys.present", { thumbprints: [THUMBPRINT, OTHER] })).result;
  assert.deepEqual(await ask(), { present: [], absent: [], unknown: [THUMBPRINT, OTHER] });
  assert.deepEqual(asked, [], "the host is not asked about unknown keys");
  await fromApp("site.remember", { origin: "https://other.example", thumbprint: OTHER });
  await fromApp("site.remember", { origin: PORTAL, thumbprint: THUMBPRINT });
  assert.deepEqual(await ask(), { present: [THUMBPRINT], absent: [], unknown: [OTHER] });
  assert.deepEqual(asked, [[THUMBPRINT]]);
  for (const thumbprints of [undefined, "x", ["AB".repeat(32)], Array(65).fill(THUMBPRINT), [{}]]) {
    assert.equal((await fromPage("keys.present", { thumbprints })).fault.code, "bad-request");
  }
});

test("keys.health looks only at keys that this origin registered, in the page's language", async () => {
  const { chrome, fromApp, fromPage, ask } = await start();
  const asked = [];
  const answer = { keys: [{ thumbprint: THUMBPRINT, here: "yes", level: "good", findings: [] }] };
  chrome.host = fakeHost({ "host.keys.health": (params) => (asked.push(params), answer) });
  await fromApp("site.remember", { origin: "https://other.example", thumbprint: OTHER });
  await fromApp("site.remember", { origin: PORTAL, thumbprint: THUMBPRINT, mode: "server" });
  const keys = [{ thumbprint: THUMBPRINT, mode: "server", proven: "2026-11-01T00:00:00Z", openings: [], secret: 1 }, { thumbprint: OTHER, certificate: "MAA=" }];
  assert.deepEqual((await fromPage("keys.health", { keys })).result, answer);
  delete keys[0].secret;
  assert.deepEqual(asked, [{ keys, registered: [THUMBPRINT], language: "fr" }]);
  await ask("keys.health", { keys: [] }, pageSender(), { document: DOCUMENT, request: "r", language: "en" });
  assert.deepEqual(asked[1], { keys: [], registered: [], language: "en" });
  for (const bad of [undefined, "x", [{}], [null], [{ thumbprint: "AB".repeat(32) }], Array(65).fill({ thumbprint: OTHER })]) {
    assert.equal((await fromPage("keys.health", { keys: bad })).fault.code, "bad-request");
  }
  chrome.host = fakeHost({});
  assert.equal((await fromPage("keys.health", { keys: [] })).fault.code, "host-outdated");
});

test("a site's questions to the host are few at a time", async () => {
  const { chrome, fromApp, fromPage } = await start();
  await fromApp("site.remember", { origin: PORTAL, thumbprint: THUMBPRINT });
  let most = 0;
  chrome.host = fakeHost({ "host.keys.present": () => (most++, { present: [THUMBPRINT] }) });
  const ask = () => fromPage("keys.present", { thumbprints: [THUMBPRINT] });
  const answers = await Promise.all(Array.from({ length: 20 }, ask));
  assert.deepEqual(answers.map((a) => a.ok || a.fault.code), [...Array(8).fill(true), ...Array(12).fill("busy")]);
  assert.equal(most, 8);
  assert.equal((await ask()).ok, true);
});

test("a page's status tells how the keys stand that it registered, and of no others", async () => {
  const { chrome, fromApp, fromPage } = await start();
  const asked = [];
  const health = (params) => (asked.push(params), { keys: params.keys.map(({ thumbprint }) => ({ thumbprint, level: "good", findings: [] })) });
  chrome.host = fakeHost({ "host.status": () => ({ stores: [] }), "host.keys.health": health });
  await fromApp("site.remember", { origin: "https://other.example", thumbprint: OTHER });
  assert.equal((await fromPage("status")).result.keys, undefined);
  assert.deepEqual(asked, []);
  await fromApp("site.remember", { origin: PORTAL, thumbprint: THUMBPRINT, mode: "local" });
  assert.deepEqual((await fromPage("status")).result.keys, [{ thumbprint: THUMBPRINT, level: "good", findings: [] }]);
  const [{ keys, registered, language }] = asked;
  assert.deepEqual([keys.length, keys[0].thumbprint, keys[0].mode, registered, language], [1, THUMBPRINT, "local", [THUMBPRINT], "fr"]);
  assert.ok(Date.parse(keys[0].proven) > Date.now() - 60_000);
  assert.equal((await fromApp("status")).result.keys, undefined, "the extension's own documents look themselves");
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  chrome.host = fakeHost({ "host.status": () => ({ stores: [] }) });
  const old = (await fromPage("status")).result;
  assert.deepEqual([old.host.online, old.keys], [true, undefined], "a host that is too old for the question");
});

test("a key keeps the day of its registration and gets that of its last proof", async () => {
  const { chrome, fromApp } = await start();
  const { grants } = chrome.storage.local.data;
  grants[PORTAL].keys = { [OTHER]: "2026-01-02T03:04:05.000Z" }; // as an older version kept it
  const key = async (thumbprint) => (await fromApp("options.get")).result.sites[0].keys.find((k) => k.thumbprint === thumbprint);
  assert.deepEqual(await key(OTHER), { thumbprint: OTHER, since: "2026-01-02T03:04:05.000Z", proven: "2026-01-02T03:04:05.000Z" });
  await fromApp("site.remember", { origin: PORTAL, thumbprint: OTHER, mode: "existing" });
  const { since, proven, mode } = await key(OTHER);
  assert.deepEqual([since, mode, proven > since], ["2026-01-02T03:04:05.000Z", "existing", true]);
  await fromApp("site.remember", { origin: PORTAL, thumbprint: OTHER, mode: "magic" });
  assert.equal((await key(OTHER)).mode, "existing");
});

test("the first key that signs a site's lists is kept, for as long as the grant", async () => {
  const { chrome, ask, fromApp, fromPage } = await start();
  const trust = async () => (await fromApp("site.trust", { origin: PORTAL })).result;
  const kept = async () => {
    const { since, ...rest } = await trust();
    assert.ok(Date.now() - Date.parse(since) < 60_000, since);
    return rest;
  };
  assert.deepEqual(await trust(), { pins: [], unsigned: "warn" });
  assert.equal((await ask("site.pin", { origin: PORTAL, pin: THUMBPRINT }, bridgeSender())).ok, true);
  assert.equal((await fromApp("site.pin", { origin: PORTAL, pin: THUMBPRINT })).ok, true, "the same again");
  assert.deepEqual((await fromApp("site.pin", { origin: PORTAL, pin: OTHER })).fault, { code: "list-signer", detail: OTHER });
  assert.deepEqual(await kept(), { pins: [THUMBPRINT], unsigned: "warn" });
  assert.deepEqual((await fromApp("site.state", { origin: PORTAL })).result.listKeys, [THUMBPRINT]);
  for (const [method, pin] of [["site.trust"], ["site.pin", OTHER]]) assert.equal((await fromPage(method, { origin: PORTAL, pin })).fault.code, "not-permitted");
  for (const pin of ["", "AB".repeat(32), {}, undefined]) assert.equal((await fromApp("site.pin", { origin: PORTAL, pin })).fault.code, "bad-request");

  await fromApp("site.forget", { origin: PORTAL });
  assert.deepEqual(await trust(), { pins: [], unsigned: "warn" });
  assert.equal((await fromApp("site.pin", { origin: PORTAL, pin: OTHER })).fault.code, "list-signer", "no grant, nothing kept");
  chrome.granted.add(`${PORTAL}/*`);
  await fromApp("site.allow", { origin: PORTAL });
  assert.equal((await fromApp("site.pin", { origin: PORTAL, pin: OTHER })).ok, true);
});

test("a key that was kept while sealing is told until somebody has looked", async () => {
  const { chrome, ask, fromApp } = await start();
  const state = async () => (await fromApp("site.state", { origin: PORTAL })).result;
  assert.equal((await state()).newListKey, undefined);
  await ask("site.pin", { origin: PORTAL, pin: THUMBPRINT }, bridgeSender());
  assert.deepEqual([chrome.badge, (await state()).newListKey, Boolean((await state()).listKeySince)], ["!", true, true]);
  chrome.badge = ""; // the browser forgets badges when it ends
  await chrome.runtime.onStartup.fire();
  assert.equal(chrome.badge, "!");
  await ask("site.pin", { origin: PORTAL, pin: THUMBPRINT }, bridgeSender());
  const { result } = await fromApp("site.seen", { origin: PORTAL });
  assert.deepEqual([chrome.badge, result.newListKey, result.listKeys], ["", undefined, [THUMBPRINT]]);

  for (const origin of ["https://b.example", "https://c.example"]) {
    chrome.granted.add(`${origin}/*`);
    await fromApp("site.allow", { origin });
  }
  await fromApp("site.pin", { origin: "https://b.example", pin: OTHER }); // the assistant has shown it
  assert.equal(chrome.badge, "");
  await ask("site.pin", { origin: "https://c.example", pin: OTHER }, bridgeSender());
  assert.equal(chrome.badge, "!");
  await fromApp("site.forget", { origin: "https://c.example" });
  assert.equal(chrome.badge, "", "with the grant");
});

test("the administrator's keys count alone", async () => {
  const { chrome, fromApp } = await start();
  await fromApp("site.pin", { origin: PORTAL, pin: THUMBPRINT });
  chrome.storage.managed.data = { listKeys: [`${PORTAL} ${OTHER}`], unsignedLists: "refuse" };
  const trust = async (origin) => (await fromApp("site.trust", { origin })).result;
  assert.deepEqual(await trust(PORTAL), { pins: [OTHER], managed: true, unsigned: "refuse" });
  assert.deepEqual(await trust("https://b.example"), { pins: [], unsigned: "refuse" });
  assert.deepEqual(await trust("__proto__"), { pins: [], unsigned: "refuse" });
  assert.equal((await fromApp("site.pin", { origin: PORTAL, pin: THUMBPRINT })).fault.code, "list-signer");
});

test("status is three facts", async () => {
  const cases = [
    [undefined, { online: false, fault: { code: "host-missing" } }, { ready: false }],
    [fakeHost({ "host.status": () => ({ stores: [{ state: "failed", fault: { code: "store-busy" } }] }) }), { online: true, version: "0.1.0", os: "linux" }, { ready: false, fault: { code: "store-busy" } }],
    [fakeHost({ "host.status": () => ({ stores: [{ state: "failed" }, { state: "read-only" }] }) }), { online: true, version: "0.1.0", os: "linux" }, { ready: true }],
    [fakeHost({ "host.status": () => ({ stores: [{ state: "locked", fault: { code: "store-locked" } }, { state: "ready", keys: 0, modules: [{ path: "/x.so", tokens: 0 }] }] }) }), { online: true, version: "0.1.0", os: "linux" }, { ready: false, fault: { code: "store-locked" } }],
    [fakeHost({ "host.status": () => ({ stores: [{ state: "locked", fault: { code: "store-locked" } }, { state: "ready", keys: 1, modules: [{ path: "/x.so", tokens: 1 }] }] }) }), { online: true, version: "0.1.0", os: "linux" }, { ready: true }],
    [fakeHost({ "host.status": () => ({ stores: [{ state: "locked", keys: 1 }] }) }), { online: true, version: "0.1.0", os: "linux" }, { ready: true }],
    [fakeHost({ "host.status": () => ({ stores: [{ state: "locked", keys: 1, fault: { code: "store-newer-nss" } }] }) }), { online: true, version: "0.1.0", os: "linux" }, { ready: false, fault: { code: "store-newer-nss" } }],
    [fakeHost({ "host.status": () => ({ stores: [{ state: "failed", fault: { code: "store-damaged" } }, { state: "ready", keys: 0, import: false }] }) }), { online: true, version: "0.1.0", os: "linux" }, { ready: false, fault: { code: "store-damaged" } }],
    [fakeHost({ "host.status": () => ({ stores: [{ state: "failed", fault: { code: "store-damaged" } }, { state: "ready", keys: 1, import: false }] }) }), { online: true, version: "0.1.0", os: "linux" }, { ready: true }],
    [fakeHost({ "host.status": () => ({ stores: [] }) }), { online: true, version: "0.1.0", os: "linux" }, { ready: false, fault: { code: "store-missing" } }],
  ];
  for (const [host, want, store] of cases) {
    const { chrome, fromPage } = await start();
    chrome.host = host;
    const { result } = await fromPage("status");
    assert.deepEqual([result.host, result.store], [want, store]);
    assert.deepEqual(result.extension, { version: "0.1.0", protocol: 1 });
    assert.equal(chrome.ports.every((p) => p.closed || !host), true, "the connection is closed");
  }
  const { chrome, fromPage } = await start();
  chrome.host = fakeHost({}, { protocol: 0, minProtocol: 0 });
  const { result } = await fromPage("status");
  assert.deepEqual([result.host.fault, result.requiresUpdate], [{ code: "host-outdated" }, { extension: false, host: true }]);
});

test("tabs that ask together share one answer", async () => {
  const { chrome, fromPage } = await start();
  chrome.host = fakeHost({ "host.status": () => ({ stores: [] }) });
  await Promise.all([fromPage("status"), fromPage("status"), fromPage("status")]);
  assert.equal(chrome.ports.length, 1);
});

test("a session: opened, read, finished", async () => {
  const { chrome, fromPage, fromApp } = await start();
  const { result } = await fromPage("keys.add", { name: "Clé" });
  await new Promise((resolve) => setTimeout(resolve, 5));
  await settle();
  assert.match(result.session, /^[0-9a-f]{32}$/);
  assert.deepEqual([...chrome.openWindows.values()], [`${EXTENSION}/app/assistant.html#${result.session}`]);
  const got = (await fromApp("session.get", { session: result.session })).result;
  assert.deepEqual(got, {
    session: result.session, request: "r1", method: "keys.add", params: { name: "Clé" },
    origin: PORTAL, tabId: 7, frameId: 0, documentId: "DOC", document: DOCUMENT, language: "fr", sites: [PORTAL],
  });
  assert.deepEqual(await fromApp("session.finish", { session: result.session, result: { a: 1 } }), { ok: true, result: {} });
  const [tab, message, options] = chrome.toTabs.at(-1);
  assert.deepEqual([tab, options], [7, { documentId: "DOC" }]);
  assert.deepEqual(message, { to: "content", document: DOCUMENT, session: result.session, request: "r1", kind: "response", ok: true, result: { a: 1 } });
  assert.equal((await fromApp("session.get", { session: result.session })).fault.code, "session-lost");
  const sent = chrome.toTabs.length;
  await fromApp("session.finish", { session: result.session, fault: { code: "cancelled" } });
  assert.equal(chrome.toTabs.length, sent, "a page gets one response");
});

test("where a browser knows no document ids, the frame is addressed", async () => {
  const { chrome, fromPage, fromApp } = await start();
  const { result } = await fromPage("pli.open", {}, pageSender({ documentId: undefined, origin: undefined }));
  await fromApp("session.finish", { session: result.session, result: {} });
  assert.deepEqual(chrome.toTabs.at(-1)[2], { frameId: 0 });
});

const opened = async (world) => {
  const { result } = await world.fromPage("keys.add");
  await new Promise((resolve) => setTimeout(resolve, 5));
  await settle();
  return { session: result.session, windowId: [...world.chrome.openWindows.keys()].at(-1) };
};

test("one assistant for a document; the existing one comes to the front", async () => {
  const world = await start();
  const { windowId } = await opened(world);
  assert.equal((await world.fromPage("pli.open")).fault.code, "busy");
  assert.deepEqual(world.chrome.focused, [windowId]);
  assert.equal(world.chrome.openWindows.size, 1);
});

test("a page that asks without end does not raise its window without end, which would never arm", async () => {
  const world = await start();
  const { session, windowId } = await opened(world);
  for (let i = 0; i < 10; i++) assert.equal((await world.fromPage("pli.open")).fault.code, "busy");
  assert.deepEqual(world.chrome.focused, [windowId]);
  world.chrome.storage.session.data[`session:${session}`].raised -= 3_000;
  await world.fromPage("pli.open");
  assert.deepEqual(world.chrome.focused, [windowId, windowId]);
  assert.equal((await world.fromApp("session.get", { session })).ok, true, "the session is as it was");
});

test("two requests at the same moment open one window", async () => {
  const world = await start();
  const answers = await Promise.all([world.fromPage("keys.add"), world.fromPage("keys.add")]);
  assert.deepEqual(answers.map((a) => a.ok), [true, false]);
});

test("a page that reloads cannot fill the screen with windows", async () => {
  const world = await start();
  let open = 0;
  for (let i = 0; i < 8; i++) {
    const answer = await world.ask("keys.add", {}, pageSender(), { document: i.toString(16).repeat(32), request: "r" });
    open += answer.ok ? 1 : 0;
  }
  assert.equal(open, 4);
});

test("a site does not raise another site's window", async () => {
  const world = await start();
  for (let i = 0; i < 4; i++) await world.ask("keys.add", {}, pageSender(), { document: i.toString(16).repeat(32), request: "r" });
  await settle();
  const elsewhere = "https://autre.example";
  world.chrome.granted.add(`${elsewhere}/*`);
  await world.fromApp("site.allow", { origin: elsewhere });
  const { fault } = await world.fromPage("keys.add", {}, pageSender({ origin: elsewhere, url: `${elsewhere}/` }));
  assert.equal(fault.code, "busy");
  assert.deepEqual(world.chrome.focused, []);
});

test("closing the window is an answer", async () => {
  const world = await start();
  const { windowId } = await opened(world);
  await world.chrome.windows.remove(windowId);
  assert.deepEqual(world.chrome.toTabs.at(-1)[1].fault, { code: "cancelled" });
  assert.deepEqual(sessions(world.chrome), []);
});

test("a worker that dies while it tells the page tells it at its next start", async () => {
  const world = await start();
  const { session } = await opened(world);
  world.chrome.answerTab = () => new Promise(() => {}); // the worker is gone before the page heard
  void world.fromApp("session.finish", { session, result: { done: 1 } });
  await settle();
  world.chrome.answerTab = () => ({ ok: true });
  world.chrome.toTabs = [];
  for (const event of [world.chrome.runtime.onMessage, world.chrome.windows.onRemoved]) event.listeners = [];
  await start({ allowed: false, chrome: world.chrome });
  await settle(20);
  assert.equal(world.chrome.toTabs.length, 1);
  assert.deepEqual(world.chrome.toTabs[0][1].result, { done: 1 });
  assert.deepEqual(sessions(world.chrome), []);
});

test("a window that closed while the worker slept is found at its next start", async () => {
  const world = await start();
  const { windowId } = await opened(world);
  world.chrome.openWindows.delete(windowId);
  for (const event of [world.chrome.runtime.onMessage, world.chrome.windows.onRemoved]) event.listeners = [];
  await start({ allowed: false, chrome: world.chrome });
  await settle();
  assert.deepEqual(world.chrome.toTabs.at(-1)[1].fault, { code: "cancelled" });
  assert.deepEqual(sessions(world.chrome), []);
});

test("a window that cannot be opened is an answer", async () => {
  const world = await start();
  world.chrome.windows.create = async () => {
    throw new Error("no windows here");
  };
  await world.fromPage("keys.add");
  await new Promise((resolve) => setTimeout(resolve, 5));
  await settle();
  assert.deepEqual(world.chrome.toTabs.at(-1)[1].fault, { code: "cancelled" });
});

test("a page that is gone: the assistant is told, and its site can start again", async () => {
  for (const leave of [
    (world) => world.chrome.tabs.onRemoved.fire(7),
    (world) => {
      world.chrome.answerTab = () => {
        throw new Error("no receiver");
      };
      return world.chrome.tabs.onUpdated.fire(7, { status: "loading" });
    },
  ]) {
    const world = await start();
    const { session, windowId } = await opened(world);
    await world.chrome.tabs.onUpdated.fire(7, { status: "complete" });
    assert.equal((await world.fromApp("session.get", { session })).ok, true, "a page that answers is still there");
    await leave(world);
    assert.deepEqual(world.chrome.toRuntime.at(-1), { to: "assistant", session, kind: "cancel", fault: { code: "session-lost" } });
    assert.equal((await world.fromApp("session.get", { session })).fault.code, "session-lost");
    const again = await world.ask("keys.add", {}, pageSender(), { document: "f".repeat(32), request: "r2" });
    assert.equal(again.ok, true);
    assert.equal(world.chrome.openWindows.has(windowId), false, "the old window makes room");
  }
});

test("a page's cancellation reaches a window that is still loading", async () => {
  const world = await start();
  const { session } = await opened(world);
  const cancel = (document, sender = pageSender()) => world.chrome.ask({ to: "assistant", kind: "cancel", session, document }, sender);
  await cancel("e".repeat(32));
  await cancel(DOCUMENT, pageSender({ frameId: 2 }));
  assert.equal((await world.fromApp("session.get", { session })).ok, true, "others cannot");
  await cancel(DOCUMENT);
  await settle();
  assert.equal((await world.fromApp("session.get", { session })).fault.code, "cancelled");
});

test("a nonce serves once, in its document, for a while", async () => {
  const { chrome, fromPage, ask } = await start();
  let waiting = "";
  chrome.answerTab = ({ kind, nonce }) => ({ ok: kind === "bridge" && nonce === waiting });
  const mint = async () => (waiting = (await fromPage("bridge.attach")).result.nonce);
  const verify = (nonce, tab) => ask("bridge.verify", { nonce }, bridgeSender(tab));
  const nonce = await mint();
  assert.deepEqual(await verify(nonce), { ok: true, result: { origin: PORTAL } });
  assert.equal((await verify(nonce)).fault.code, "not-permitted");
  assert.equal((await verify(await mint(), 8)).fault.code, "not-permitted");
  const old = await mint();
  chrome.storage.session.data[`nonce:${old}`].until = 0;
  assert.equal((await verify(old)).fault.code, "not-permitted");
  assert.equal((await verify("x")).fault.code, "bad-request");

  const asked = await mint();
  await verify(asked);
  assert.deepEqual(chrome.toTabs.at(-1), [7, { to: "content", document: DOCUMENT, kind: "bridge", nonce: asked }, { documentId: "DOC" }], "that very document is asked");
  const elsewhere = await mint();
  waiting = "another";
  assert.equal((await verify(elsewhere)).fault.code, "not-permitted", "a document that starts no bridge with it");
  const left = await mint();
  chrome.answerTab = () => {
    throw new Error("Could not establish connection. Receiving end does not exist.");
  };
  assert.equal((await verify(left)).fault.code, "not-permitted", "a document that was left");
  chrome.answerTab = () => ({ ok: true });
  for (const documentLifecycle of ["prerender", "cached", "pending_deletion"]) {
    const answer = await ask("bridge.verify", { nonce: await mint() }, { ...bridgeSender(), documentLifecycle });
    assert.equal(answer.fault.code, "not-permitted", documentLifecycle);
    assert.equal((await fromPage("status", {}, pageSender({ documentLifecycle }))).fault.code, "not-permitted", documentLifecycle);
  }
});

test("messages over the limit are refused here too", async () => {
  const { fromPage } = await start();
  assert.equal((await fromPage("keys.add", { name: "x".repeat(1 << 20) })).fault.code, "bad-request");
});
