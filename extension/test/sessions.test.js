import assert from "node:assert/strict";
import test from "node:test";
import { EXTENSION, PORTAL, settle } from "./fakes.js";
import { DOCUMENT, bridgeSender, pageSender, sessions, start } from "./workers.js";

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

test("a request about plis gets the document that loads their module", async () => {
  for (const [method, file] of [["pli.open", "opening"], ["pli.rehearse", "opening"], ["pli.rewrap", "opening"], ["keys.add", "assistant"], ["keys.verify", "assistant"]]) {
    const { chrome, fromPage } = await start();
    const { result } = await fromPage(method);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await settle();
    assert.deepEqual([...chrome.openWindows.values()], [`${EXTENSION}/app/${file}.html#${result.session}`]);
  }
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
  const moment = Date.now();
  world.world.Date = class extends Date {
    static now = () => moment; // however long a busy machine takes
  };
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
