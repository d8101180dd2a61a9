import assert from "node:assert/strict";
import test from "node:test";
import { PORTAL, closeChannels, load, plain, settle } from "./fakes.js";

test.after(closeChannels);

const NONCE = "ab".repeat(16);

/** A frame of the extension: where it lies, and what the worker says of its nonce. */
const frame = ({ depth = 1, origin = "chrome-extension://x", ancestors, answer = { ok: true, result: { origin: PORTAL } } } = {}) => {
  const top = { name: "top" };
  const parent = depth > 1 ? { name: "between" } : top;
  const listeners = [];
  const window = { top, parent, addEventListener: (_, fn) => listeners.push(fn), removeEventListener: (_, fn) => listeners.splice(listeners.indexOf(fn), 1) };
  if (depth === 0) window.top = window.parent = window;
  const asked = [];
  const workers = [];
  class Worker {
    constructor(url) {
      workers.push({ url });
    }
    postMessage(message) {
      workers.at(-1).message = message;
    }
  }
  const chrome = { runtime: { sendMessage: async (message) => (asked.push(plain(message)), answer) } };
  load({ window, chrome, Worker, origin, location: { ancestorOrigins: ancestors ?? { length: depth } } }, "app/bridge.js");
  const said = [];
  const port = { postMessage: (message) => said.push(plain(message)) };
  const post = async (over = {}) => {
    const event = { data: { scelle: 1, nonce: NONCE }, ports: [port], origin: PORTAL, source: window.parent, ...over };
    for (const fn of [...listeners]) fn(event);
    await settle();
  };
  return { post, asked, workers, said, listeners };
};

test("a bridge right below the page that its nonce is bound to serves it, once", async () => {
  const f = frame();
  await f.post();
  assert.deepEqual(f.asked, [{ to: "worker", method: "bridge.verify", params: { nonce: NONCE } }]);
  assert.equal(f.workers.length, 1);
  assert.deepEqual([f.workers[0].url, f.workers[0].message.origin], ["crypto-worker.js", PORTAL]);
  await f.post();
  assert.equal(f.asked.length, 1);
});

test("a bridge elsewhere asks for nothing", async () => {
  for (const [where, options] of Object.entries({
    "on its own": { depth: 0 },
    "in a frame of the page": { depth: 2 },
    "in a sandbox": { origin: "null" },
    "with another ancestor": { ancestors: { length: 2 } },
  })) {
    const f = frame(options);
    await f.post();
    assert.deepEqual([f.asked, f.workers, f.listeners.length], [[], [], 0], where);
  }
  assert.equal(frame({ ancestors: undefined }).listeners.length, 1);
});

test("other senders and other shapes are nothing", async () => {
  const f = frame();
  for (const over of [
    { source: {} }, { source: null }, { data: null }, { data: { scelle: 2, nonce: NONCE } }, { data: { scelle: 1 } }, { data: { scelle: 1, nonce: "AB".repeat(16) } },
    { data: { scelle: 1, nonce: [NONCE] } }, { ports: [] }, { ports: [1, 2] },
  ]) await f.post(over);
  assert.deepEqual([f.asked, f.workers], [[], []]);
  assert.equal(f.listeners.length, 1);
});

test("a nonce of another page, a page without origin, and one that the worker refuses get no bridge", async () => {
  for (const [options, over, code] of [
    [{}, { origin: "https://evil.example" }, "not-permitted"],
    [{}, { origin: "null" }, "not-permitted"],
    [{ answer: { ok: false, fault: { code: "not-permitted" } } }, {}, "not-permitted"],
    [{ answer: undefined }, {}, "not-permitted"],
  ]) {
    const f = frame({ ...options, ...("answer" in options && { answer: options.answer ?? null }) });
    await f.post(over);
    assert.deepEqual([f.workers, f.said], [[], [{ kind: "failed", fault: { code } }]]);
  }
});
