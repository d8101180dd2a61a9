import assert from "node:assert/strict";
import test from "node:test";
import { FakeChrome, fakeHost, load, plain, settle } from "./fakes.js";

const start = () => {
  const chrome = new FakeChrome();
  const world = load({ chrome }, "gen/protocol.js", "app/native.js");
  return { chrome, connect: world.ScelleNative.connect };
};

const fault = (promise) => promise.then(() => "no fault", (f) => plain(f));

test("every connection greets first and then answers by id", async () => {
  const { chrome, connect } = start();
  chrome.host = fakeHost({ "host.status": () => ({ stores: [] }), "host.keys.list": () => ({ certificates: [1] }) });
  const c = connect();
  const [a, b] = await Promise.all([c.request("host.status", {}), c.request("host.keys.list", { limit: 1 })]);
  assert.deepEqual(plain([a, b]), [{ stores: [] }, { certificates: [1] }]);
  assert.deepEqual(chrome.ports[0].sent.map((m) => m.method), ["host.hello", "host.status", "host.keys.list"]);
  assert.deepEqual(chrome.ports[0].sent[0].params, { version: "0.1.0", protocol: 1 });
  assert.equal((await c.hello).os, "linux");
  c.close();
  assert.equal(chrome.ports[0].closed, true);
});

test("what browsers say becomes a fault", async () => {
  const cases = {
    "Specified native messaging host not found.": "host-missing",
    "No such native application fr.scelle.host": "host-missing",
    "Access to the specified native messaging host is forbidden.": "host-forbidden",
    "Native host has exited.": "host-stopped",
    "Error when communicating with the native messaging host.": "host-stopped",
    "An unexpected error occurred": "host-stopped",
    "Failed to start native messaging host.": "host-unreachable",
    "": "host-unreachable",
  };
  for (const [text, code] of Object.entries(cases)) {
    const { chrome, connect } = start();
    chrome.ending = text;
    const c = connect();
    const closed = new Promise((resolve) => (c.onClose = resolve));
    assert.deepEqual(await fault(c.request("host.status", {})), { code }, text);
    assert.deepEqual(plain(await closed), { code }, text);
    assert.deepEqual(await fault(c.request("host.status", {})), { code }, "and stays ended");
  }
});

test("Firefox says it on the port", async () => {
  const { chrome, connect } = start();
  const c = connect();
  const p = fault(c.request("host.status", {}));
  chrome.ports[0].onDisconnect.fire({ error: { message: "No such native application fr.scelle.host" } });
  assert.deepEqual(await p, { code: "host-missing" });
});

test("a browser that refuses to connect at all", async () => {
  const { chrome, connect } = start();
  chrome.runtime.connectNative = () => {
    throw new Error("no permission");
  };
  const c = connect();
  const closed = new Promise((resolve) => (c.onClose = resolve));
  assert.deepEqual(await fault(c.request("host.status", {})), { code: "host-unreachable" });
  assert.deepEqual(plain(await closed), { code: "host-unreachable" });
});

test("the side that is too old is named, and nothing is asked", async () => {
  for (const [hello, code] of [
    [{ protocol: 0, minProtocol: 0 }, "host-outdated"],
    [{ protocol: 9, minProtocol: 2 }, "extension-outdated"],
    [{}, "host-outdated"],
  ]) {
    const { chrome, connect } = start();
    chrome.host = fakeHost({ "host.status": () => assert.fail("asked") }, hello);
    assert.deepEqual(await fault(connect().request("host.status", {})), { code });
    assert.equal(chrome.ports[0].sent.length, 1);
    assert.equal(chrome.ports[0].closed, true);
  }
});

test("a host's fault is passed on, and no more than its code and detail", async () => {
  const { chrome, connect } = start();
  chrome.host = fakeHost({
    "host.status": () => {
      throw { code: "store-busy", detail: "key4.db", stack: "x" };
    },
  });
  assert.deepEqual(await fault(connect().request("host.status", {})), { code: "store-busy", detail: "key4.db" });
});

test("only methods of the table, for the party that asks", async () => {
  const { chrome, connect } = start();
  chrome.host = fakeHost({ "host.keys.unwrap": () => ({}) });
  for (const [party, method] of [["worker", "host.keys.unwrap"], ["app", "status"], ["app", "__proto__"], ["app", "host.nothing"]]) {
    assert.deepEqual(await fault(connect(party).request(method, {})), { code: "not-permitted", detail: method });
  }
  assert.deepEqual(plain(await connect("app").request("host.keys.unwrap", {})), {});
});

test("a message over the limit is not sent", async () => {
  const { chrome, connect } = start();
  chrome.host = fakeHost({ "host.keys.import": () => ({}) });
  const c = connect();
  const room = 1 << 20;
  assert.deepEqual(await fault(c.request("host.keys.import", { envelope: "é".repeat(room / 2) })), { code: "message-too-large" });
  assert.equal(chrome.ports[0].sent.length, 1);
});

test("closing ends what still waits, without onClose", async () => {
  const { chrome, connect } = start();
  chrome.host = (message, port) => message.method === "host.hello" && fakeHost()(message, port);
  const c = connect();
  c.onClose = () => assert.fail("onClose");
  const p = fault(c.request("host.status", {}));
  await settle();
  c.close();
  assert.deepEqual(await p, { code: "cancelled" });
});
