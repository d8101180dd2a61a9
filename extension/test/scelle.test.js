import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { FakeWindow, PORTAL, plain, settle } from "./fakes.js";

const FILE = new URL("../page/scelle.js", import.meta.url);

/** A page with its own copy of the module, and a content script to order. */
const start = async ({ content, lang = "fr", secure = true } = {}) => {
  const window = new FakeWindow(PORTAL);
  window.isSecureContext = secure;
  const document = { documentElement: { lang }, visibilityState: "visible", addEventListener: window.addEventListener, removeEventListener: window.removeEventListener };
  Object.assign(globalThis, { window, document, location: window.location });
  Object.defineProperty(globalThis, "navigator", { value: { language: "en" }, configurable: true });
  const { scelle, ScelleError, helpAt } = await import(`${FILE.href}?${Math.random()}`);
  const sent = [];
  const reply = (message) => window.postMessage({ scelle: 1, to: "page", ...message }, PORTAL);
  window.addEventListener("message", ({ data }) => {
    if (data?.to !== "content") return;
    sent.push(data);
    if (content && data.kind === "request") reply({ kind: "progress", id: data.id, step: "accepted", done: 0, total: 0 });
    content?.(data, reply);
  });
  return { scelle, ScelleError, helpAt, window, document, sent, reply };
};

const answering = (results) => (data, reply) => {
  if (data.kind === "request") reply({ kind: "response", id: data.id, ok: true, result: results[data.method] });
};
const reason = (promise) => promise.then(() => "resolved", (e) => e);

test("status without an extension answers within a second, with words", async () => {
  const { scelle } = await start();
  const from = Date.now();
  const status = await scelle.status();
  assert.ok(Date.now() - from < 1500);
  assert.deepEqual([status.extension, status.host, status.store, status.fault.code], [null, { online: false }, { ready: false }, "extension-missing"]);
  assert.match(status.fault.message, /absente, ou ce site/);
  assert.match(status.fault.remedy, /icône de Scellé/);
});

test("and in English where the document is", async () => {
  const { scelle } = await start({ lang: "en-IE" });
  assert.match((await scelle.status()).fault.message, /is missing, or this site/);
});

test("an extension that acknowledged may take its time", async () => {
  const { scelle } = await start({
    content: (data, reply) => setTimeout(() => reply({ kind: "response", id: data.id, ok: true, result: { extension: { version: "1" } } }), 1300),
  });
  assert.deepEqual(await scelle.status(), { extension: { version: "1" } });
});

test("a refused status is an answer, not an error", async () => {
  const { scelle } = await start({ content: (data, reply) => reply({ kind: "response", id: data.id, ok: false, fault: { code: "site-not-allowed", message: "M", remedy: "R" } }) });
  const status = await scelle.status();
  assert.deepEqual([status.extension, plain(status.fault)], [null, { code: "site-not-allowed", message: "M", remedy: "R", help: "#site-not-allowed" }]);
});

test("every failure knows where its help is, by the code and the portal's wish", async () => {
  const host = { online: false, fault: { code: "host-missing", message: "M", remedy: "R" } };
  const status = { extension: { version: "1" }, host, store: { ready: false } };
  const { scelle, helpAt } = await start({
    content: (data, reply) =>
      reply(data.method === "status" ? { kind: "response", id: data.id, ok: true, result: status } : { kind: "response", id: data.id, ok: false, fault: { code: "busy", message: "M", remedy: "R" } }),
  });
  assert.equal((await scelle.status()).host.fault.help, "#host-missing");
  helpAt("/aide/help-fr.html#all");
  const { host: now, store, extension } = await scelle.status();
  assert.deepEqual([plain(now.fault), plain(store), plain(extension)], [{ ...host.fault, help: "/aide/help-fr.html#host-missing" }, { ready: false }, { version: "1" }]);
  assert.equal((await reason(scelle.addKeyPair({}))).help, "/aide/help-fr.html#busy");
  assert.equal((await reason(scelle.keysPresent(Array(65).fill("a")))).help, "/aide/help-fr.html#bad-request");
});

test("how keys stand, with the way to the guide for each finding", async () => {
  const finding = { code: "key-expired", level: "bad", text: "Expirée depuis le", remedy: "R", at: "2026-11-01T00:00:00Z" };
  const key = { thumbprint: "ab", level: "bad", findings: [finding] };
  const { scelle, sent, helpAt } = await start({
    content: answering({
      "keys.health": { keys: [key], fault: { code: "store-busy" } },
      "status": { extension: { version: "1" }, host: { online: true }, store: { ready: true }, keys: [key] },
      "keys.verify": { keys: [{ id: "1", thumbprint: "ab", outcome: "proven" }, { id: "2", thumbprint: "cd", outcome: "failed", fault: { code: "pin-cancelled" } }] },
    }),
  });
  helpAt("/aide/help-fr.html");
  const health = await scelle.health([{ thumbprint: "ab" }]);
  assert.deepEqual(plain(sent[0].params), { keys: [{ thumbprint: "ab" }] });
  assert.deepEqual([health.keys[0].findings[0].help, health.fault.help], ["/aide/help-fr.html#key-expired", "/aide/help-fr.html#store-busy"]);
  assert.equal((await scelle.status()).keys[0].findings[0].help, "/aide/help-fr.html#key-expired");
  assert.equal((await reason(scelle.health(Array(65).fill({})))).code, "bad-request");

  const { keys } = await scelle.verifyKeys({ service: "Voirie", keys: [{ id: "1", thumbprint: "ab" }], requestChallenge: () => ({}), submitProof: () => ({}) });
  assert.deepEqual(keys.map((k) => k.fault?.help), [undefined, "/aide/help-fr.html#pin-cancelled"]);
  assert.deepEqual(plain(sent.at(-1).params), { service: "Voirie", keys: [{ id: "1", thumbprint: "ab" }] });
});

test("an insecure page asks nobody", async () => {
  const { scelle, sent } = await start({ secure: false });
  assert.equal((await scelle.status()).fault.code, "site-not-secure");
  assert.equal((await reason(scelle.addKeyPair({}))).code, "site-not-secure");
  assert.deepEqual(sent, []);
});

test("addKeyPair sends wishes, keeps functions, runs calls and reports progress", async () => {
  const steps = [];
  const { scelle, sent } = await start({
    content: (data, reply) => {
      const { id } = data;
      if (data.kind === "request") {
        reply({ kind: "progress", id, step: "proof", done: 1, total: 2 });
        reply({ kind: "call", id, call: "1", name: "submitCertificate", args: { name: "n" } });
      } else if (data.call === "1") reply({ kind: "call", id, call: "2", name: "requestChallenge", args: {} });
      else if (data.call === "2") reply({ kind: "call", id, call: "3", name: "discard", args: {} });
      else reply({ kind: "response", id, ok: true, result: { registration: { id: "7" } } });
    },
  });
  const result = await scelle.addKeyPair({
    name: "Clé", recovery: true,
    submitCertificate: async (args) => ({ id: args.name }),
    requestChallenge: () => {
      throw Object.assign(new Error("non"), { fault: { code: "portal-refused", detail: "403" } });
    },
    onProgress: (p) => steps.push(p),
  });
  assert.deepEqual(result, { registration: { id: "7" } });
  assert.deepEqual([sent[0].method, sent[0].params], ["keys.add", { name: "Clé", recovery: true }]);
  assert.deepEqual(sent.slice(1).map((m) => [m.kind, m.ok, m.result ?? m.fault]), [
    ["call-result", true, { id: "n" }],
    ["call-result", false, { code: "portal-refused", detail: "403" }],
    ["call-result", false, { code: "unknown-method" }],
  ]);
  assert.deepEqual(steps, [{ step: "proof", done: 1, total: 2 }]);
});

test("seal gives files along and returns a file that can be released", async () => {
  const sealed = new Blob(["cms"]);
  const { scelle, sent } = await start({
    content: (data, reply) => reply({ kind: "response", id: data.id, ok: true, result: data.method === "pli.seal" ? { handle: "h", name: "x.p7m" } : {}, file: data.method === "pli.seal" ? sealed : undefined }),
  });
  const file = new File(["a"], "a.txt");
  const { release, ...rest } = await scelle.seal({ files: new Set([file]), recipients: [], tender: "T", kind: "offre", raw: true });
  assert.deepEqual(rest, { handle: "h", name: "x.p7m", file: sealed });
  assert.deepEqual([sent[0].params, sent[0].files], [{ recipients: [], tender: "T", kind: "offre", raw: true }, [file]]);
  assert.equal(await release(), undefined);
  assert.deepEqual([sent[1].method, sent[1].params], ["pli.release", { handle: "h" }]);
});

test("fetchEnvelope may return a Blob or a Response; anything else is a code", async () => {
  const answers = [
    [new Blob(["1"]), "1"], [new File(["2"], "x"), "2"], [new Response("3"), "3"],
    [new Response("no", { status: 403 }), { code: "portal-refused", detail: "403" }],
    [new Response("no", { status: 503 }), { code: "portal-failed", detail: "503" }],
    ["text", { code: "bad-request" }], [undefined, { code: "bad-request" }],
  ];
  let i = 0;
  const seen = [];
  const { scelle } = await start({
    content: async (data, reply) => {
      if (data.kind === "call-result") seen.push(data.ok ? await data.file.text() : data.fault);
      if (i < answers.length) reply({ kind: "call", id: data.id, call: String(i), name: "fetchEnvelope", args: { id: "p" } });
      else reply({ kind: "response", id: data.id, ok: true, result: { plis: [] } });
    },
  });
  await scelle.open({ tender: "T", plis: [], fetchEnvelope: () => answers[i++][0] });
  assert.deepEqual(seen, answers.map(([, want]) => want));
});

test("opened files come with the description they belong to", async () => {
  const files = [new File(["a"], "a.txt")];
  const { scelle, sent } = await start({
    content: (data, reply) => {
      if (data.kind === "request") reply({ kind: "call", id: data.id, call: "1", name: "receiveOpened", args: { id: "p", files: [{ name: "a.txt", size: 1 }] }, files });
      else reply({ kind: "response", id: data.id, ok: true, result: {} });
    },
  });
  let got;
  await scelle.open({ tender: "T", plis: [], fetchEnvelope: () => new Blob(), receiveOpened: (a) => void (got = a) });
  assert.deepEqual(got, { id: "p", files: [{ name: "a.txt", size: 1, file: files[0] }] });
  assert.equal(sent[0].params.handOver, true);
});

test("a failure is a ScelleError with code, words and remedy", async () => {
  const { scelle, ScelleError } = await start({ content: (data, reply) => reply({ kind: "response", id: data.id, ok: false, fault: { code: "busy", detail: "d", message: "M", remedy: "R" } }) });
  const error = await reason(scelle.open({ tender: "T", plis: [], fetchEnvelope: () => new Blob() }));
  assert.ok(error instanceof ScelleError && error instanceof Error);
  assert.deepEqual([error.name, error.code, error.detail, error.message, error.remedy], ["ScelleError", "busy", "d", "M", "R"]);
});

test("aborting cancels at the extension and rejects at once", async () => {
  const { scelle, sent } = await start({ content: () => {} });
  const abort = new AbortController();
  const adding = reason(scelle.addKeyPair({ signal: abort.signal }));
  await settle();
  abort.abort();
  assert.equal((await adding).code, "cancelled");
  await settle();
  assert.deepEqual(sent.map((m) => m.kind), ["request", "cancel"]);
  assert.equal(sent[0].id, sent[1].id);
  assert.equal((await reason(scelle.addKeyPair({ signal: abort.signal }))).code, "cancelled");
  assert.equal(sent.length, 2);
});

test("hears only its own window and its own ids", async () => {
  const { scelle, window, sent, reply } = await start({ content: () => {} });
  const asked = scelle.status();
  await settle();
  const { id } = sent[0];
  const forged = { scelle: 1, to: "page", kind: "response", id, ok: true, result: "forged" };
  for (const e of [
    { data: forged, source: new FakeWindow(), origin: PORTAL }, { data: forged, source: window, origin: "https://evil.example" },
    { data: { ...forged, to: "content" }, source: window, origin: PORTAL }, { data: { ...forged, id: "other" }, source: window, origin: PORTAL }, { data: null, source: window, origin: PORTAL },
  ]) window.dispatch("message", e);
  reply({ kind: "call", id: "other", call: "1", name: "discard", args: {} });
  reply({ kind: "response", id, ok: true, result: "real" });
  assert.equal(await asked, "real");
});

test("what cannot be cloned is a bad request, not a hang", async () => {
  const { scelle, window } = await start();
  window.postMessage = () => {
    throw new Error("DataCloneError");
  };
  assert.equal((await reason(scelle.addKeyPair({}))).code, "bad-request");
});

test("keysPresent refuses more than the extension answers for", async () => {
  const { scelle, sent } = await start({ content: answering({ "keys.present": { present: [], absent: [], unknown: [] } }) });
  assert.equal((await reason(scelle.keysPresent(Array(65).fill("a")))).code, "bad-request");
  assert.deepEqual(sent, []);
  assert.deepEqual(await scelle.keysPresent(["a"]), { present: [], absent: [], unknown: [] });
});

test("onStatusChange tells the state now and each change, while the page is seen", async () => {
  const results = { status: { extension: { version: "1" } } };
  const { scelle, window, document, sent, reply } = await start({ content: answering(results) });
  const seen = [];
  const stop = scelle.onStatusChange((s) => seen.push(s.extension.version));
  await settle(12);
  assert.deepEqual(seen, ["1"]);
  window.dispatch("focus", {});
  await settle(12);
  assert.deepEqual([seen, sent.length], [["1"], 2], "asked, nothing new");
  results.status = { extension: { version: "2" } };
  reply({ kind: "hello" }); // a content script arrived
  await settle(12);
  assert.deepEqual(seen, ["1", "2"]);
  document.visibilityState = "hidden";
  results.status = { extension: { version: "3" } };
  window.dispatch("visibilitychange", {});
  await settle(12);
  assert.deepEqual(seen, ["1", "2"]);
  document.visibilityState = "visible";
  window.dispatch("visibilitychange", {});
  await settle(12);
  assert.deepEqual(seen, ["1", "2", "3"]);
  stop();
  const asked = sent.length;
  window.dispatch("focus", {});
  reply({ kind: "hello" });
  await settle(12);
  assert.equal(sent.length, asked);
});

test("a version below what the portal requires is an update, with words", async () => {
  const host = { online: true, version: "1.2.3" };
  const status = { extension: { version: "1.10.0" }, host, store: { ready: true }, requiresUpdate: { extension: false, host: false } };
  const { scelle } = await start({ content: (data, reply) => answering({ status: structuredClone(status) })(data, reply) });
  for (const [required, update, code] of [
    [{}, [false, false], undefined], [{ extension: "1.9.9", host: "1.2.3" }, [false, false], undefined],
    [{ extension: "1.10.1" }, [true, false], "update-required"], [{ extension: "2.0.0", host: "1.3.0" }, [true, true], "update-required"], [{ host: "1.2.10" }, [false, true], "update-required"],
  ]) {
    scelle.requiredVersion(required);
    const { requiresUpdate, fault } = await scelle.status();
    assert.deepEqual([requiresUpdate.extension, requiresUpdate.host, fault?.code], [...update, code], JSON.stringify(required));
    if (fault) assert.match(fault.message, /version plus récente/);
  }
});

test("what is missing comes in the order in which it can be mended", async () => {
  const { scelle } = await start();
  const fault = (code, detail) => ({ code, detail });
  const good = { extension: {}, host: { online: true }, store: { ready: true } };
  for (const [status, host, code] of [
    [good, true, undefined], [{ ...good, extension: null, fault: fault("site-not-secure") }, true, "site-not-secure"],
    [{ ...good, host: { online: false, fault: fault("host-missing") }, store: { ready: false } }, true, "host-missing"],
    [{ ...good, host: { online: false, fault: fault("host-missing") }, store: { ready: false } }, false, undefined],
    [{ ...good, store: { ready: false, fault: fault("store-locked") } }, true, "store-locked"],
    [{ ...good, fault: fault("update-required", "host 2.0.0") }, true, "update-required"], [{ ...good, fault: fault("update-required", "host 2.0.0") }, false, undefined],
    [{ ...good, fault: fault("update-required", "extension 2.0.0") }, false, "update-required"],
  ]) assert.equal(scelle.missing(status, { host })?.code, code, JSON.stringify(status));
});

test("install leads to a tab of its own and comes back when nothing is missing", async () => {
  const status = { extension: { version: "1" }, host: { online: false, fault: { code: "host-missing" } }, store: { ready: false }, requiresUpdate: {} };
  const { scelle, window } = await start({ content: answering({ status }) });
  const opened = [];
  window.open = (address, name) => opened.push([address, name]);
  Object.assign(window.location, { href: `${PORTAL}/depots/7?lot=1`, pathname: "/depots/7", search: "?lot=1" });
  let done = false;
  const installing = scelle.install({ page: "/telechargements#programme" }).then((now) => ((done = true), now));
  await settle(12);
  assert.deepEqual(opened, [[`${PORTAL}/telechargements?scelle-from=%2Fdepots%2F7%3Flot%3D1#programme`, "scelle-from"]]);
  assert.equal(done, false);
  Object.assign(status, { host: { online: true }, store: { ready: true } });
  window.dispatch("focus", {});
  await settle(12);
  assert.equal((await installing).host.online, true);
  const abort = new AbortController();
  status.host = { online: false, fault: { code: "host-missing" } };
  const given = reason(scelle.install({ page: "/t", signal: abort.signal }));
  abort.abort();
  assert.equal((await given).code, "cancelled");
});

test("the installation page leads back, and to no other site", async () => {
  const status = { extension: { version: "1" }, host: { online: true }, store: { ready: true }, requiresUpdate: {} };
  for (const [search, want] of [["?scelle-from=%2Fdepots%2F7", `${PORTAL}/depots/7`], ["", null], ["?scelle-from=https%3A%2F%2Fevil.example%2F", null], ["?scelle-from=%2F%2Fevil.example", null], ["?scelle-from=javascript%3Aalert(1)", null]]) {
    const { scelle, window } = await start({ content: answering({ status }) });
    const went = [];
    Object.assign(window.location, { search, assign: (address) => went.push(address) });
    window.close = () => went.push("closed");
    const back = await scelle.comeBack();
    assert.equal(back === null, want === null, search);
    if (!back) continue;
    back();
    window.opener = { closed: false };
    back();
    assert.deepEqual(went, [want, "closed"]);
  }
});

test("onStatusChange ends with its signal", async () => {
  const { scelle, window, sent } = await start({ content: answering({ status: { extension: { version: "1" } } }) });
  const abort = new AbortController();
  let heard = 0;
  scelle.onStatusChange(() => heard++, { signal: abort.signal });
  await settle(12);
  abort.abort();
  const asked = sent.length;
  window.dispatch("focus", {});
  await settle(12);
  assert.deepEqual([heard, sent.length], [1, asked]);
});

test("signed lists go through as they are", async () => {
  const results = { "pli.recipients": { recipients: [] }, "pli.seal": { handle: "h" }, "pli.open": { plis: [] } };
  const { scelle, sent } = await start({ content: answering(results) });
  assert.deepEqual(await scelle.recipients({ recipientList: "MII=", tender: "t" }), { recipients: [] });
  await scelle.seal({ files: [], recipientList: "MII=", tender: "t", kind: "offre" });
  await scelle.open({ plis: [], openingList: "MIJ=", tender: "t", fetchEnvelope: () => {} });
  assert.deepEqual(sent.map(({ method, params }) => [method, params.recipientList ?? params.openingList]), [["pli.recipients", "MII="], ["pli.seal", "MII="], ["pli.open", "MIJ="]]);
});

// Counted: scelle.js as it is shipped, with its comments, as gzip -9 makes it.
test("is under 6 kB compressed, and stands alone", () => {
  const text = readFileSync(FILE, "utf8");
  const { length } = gzipSync(text, { level: 9 });
  assert.ok(length < 6000, `${length} bytes`);
  assert.doesNotMatch(text, /\b(import|require|fetch|XMLHttpRequest|eval)\s*\(|\bimport\b.*\bfrom\b|chrome-extension|localStorage/);
});

// A page that knew an extension's id could look for it, and would break with
// the next browser: what portals get names neither.
test("what portals include never names an extension", async () => {
  const ids = readFileSync(new URL("../../shared/protocol/ids.go", import.meta.url), "utf8");
  const chrome = /ChromeID += "([a-p]{32})"/.exec(ids)?.[1];
  const edge = /EdgeID += "([a-p]{32})"/.exec(ids)?.[1];
  const firefox = /FirefoxID += "([^"]+@[^"]+)"/.exec(ids)?.[1];
  assert.ok(chrome && edge && firefox, "shared/protocol/ids.go has every id");
  for (const name of ["scelle.js", "scelle.d.ts", "sealing.js", "sealing.d.ts", "codes.js", "codes.d.ts", "messages.d.ts", "package.json"]) {
    const text = readFileSync(new URL(`../page/${name}`, import.meta.url), "utf8");
    assert.ok(text.length > 100, name);
    for (const id of [chrome, edge, firefox]) assert.ok(!text.includes(id), `${name} holds ${id}`);
    assert.doesNotMatch(text, /\b[a-p]{32}\b|-extension:\/\/|runtime\.(connect|sendMessage)|externally_connectable/, name);
  }
});

test("and no message of the page does either", async () => {
  const { scelle, sent } = await start();
  await scelle.status();
  await reason(scelle.addKeyPair({ name: "n" }));
  await reason(scelle.seal({ files: [], recipients: [], tender: "t", kind: "offre" }));
  assert.ok(sent.length >= 3);
  for (const message of sent) assert.doesNotMatch(JSON.stringify(message), /\b[a-p]{32}\b|-extension:|@scelle/);
});
