import assert from "node:assert/strict";
import test from "node:test";
import { EXTENSION, PORTAL, fakeHost } from "./fakes.js";
import { DOCUMENT, OTHER, THUMBPRINT, appSender, bridgeSender, pageSender, sessions, start } from "./workers.js";

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
  for (const other of ["magic", "local", undefined]) {
    await fromApp("site.remember", { origin: PORTAL, thumbprint: OTHER, mode: other });
    assert.equal((await key(OTHER)).mode, "existing", "a page that verifies keys says something else");
  }
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
