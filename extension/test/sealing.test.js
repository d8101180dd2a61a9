import assert from "node:assert/strict";
import test from "node:test";

// Stand-ins for a page and for the Worker that seals; the real one is in scripts/e2e.
const PORTAL = "https://portail.example";
let worker;
const workers = [];
class FakeWorker {
  constructor(url) {
    this.url = String(url);
    this.said = [];
    this.requests = [];
    worker = this;
    workers.push(this);
  }
  postMessage(message) {
    this.said.push(message);
    if (message.verb !== "serve") return;
    this.port = message.port;
    this.port.unref();
    this.port.onmessage = ({ data }) => {
      this.requests.push(data);
      this.answer?.(data);
    };
    if (this.ready !== false) this.port.postMessage({ kind: "ready" });
  }
  terminate() {
    this.ended = true;
    this.port?.close();
  }
}
const start = async (answer) => {
  Object.assign(globalThis, { window: globalThis, document: { documentElement: { lang: "fr" } }, location: { origin: PORTAL }, Worker: FakeWorker });
  const { sealing } = await import(new URL(`../page/sealing.js?${Math.random()}`, import.meta.url).href);
  FakeWorker.prototype.answer = answer;
  return sealing;
};
test.afterEach(() => workers.splice(0).forEach((one) => one.terminate())); // open ports keep node running
const reason = (promise) => promise.then(() => "resolved", (e) => e);
const later = (millis = 20) => new Promise((resolve) => setTimeout(resolve, millis));
const good = (result, file) => (data) => worker.port.postMessage({ kind: "response", id: data.id, ok: true, result: JSON.stringify(result), file });

test("seals with the same messages as the extension's bridge, and says that it is weaker", async () => {
  const steps = [];
  const file = new Blob(["cms"]);
  const sealing = await start((data) => {
    if (data.method !== "pli.seal") return good({})(data);
    worker.port.postMessage({ kind: "progress", id: data.id, step: "seal", done: 1, total: 2 });
    good({ handle: "h", name: "x.p7m" }, file)(data);
  });
  const { release, file: sealed, ...rest } = await sealing.seal({ files: new Set([new Blob(["a"])]), tender: "T", kind: "offre", onProgress: (p) => steps.push(p) });
  assert.ok(worker.url.endsWith("/page/sealing/app/crypto-worker.js"));
  assert.equal(worker.said[0].origin, PORTAL);
  assert.deepEqual(rest, { handle: "h", name: "x.p7m", weaker: true });
  assert.equal(await sealed.text(), "cms");
  assert.deepEqual(steps, [{ step: "load", done: 0, total: 0 }, { step: "seal", done: 1, total: 2 }]);
  assert.deepEqual([worker.requests[0].method, JSON.parse(worker.requests[0].params), worker.requests[0].files.length], ["pli.seal", { tender: "T", kind: "offre" }, 1]);
  const first = worker;
  assert.equal(await release(), undefined);
  assert.deepEqual([worker === first, JSON.parse(worker.requests[1].params)], [true, { handle: "h" }]);
});

test("nothing is known of a list's signer, and nothing is kept", async () => {
  const sealing = await start(() => {});
  void reason(sealing.recipients({ tender: "T" }));
  await later();
  worker.onmessage({ data: { id: 1, verb: "trust" } });
  worker.onmessage({ data: { id: 2, verb: "pin", pin: "p" } });
  assert.deepEqual(worker.said.slice(1), [
    { id: 1, verb: "settled", ok: true, result: { pins: [], unsigned: "warn" } }, { id: 2, verb: "settled", ok: true, result: {} },
  ]);
});

test("faults have their words, wherever they stand", async () => {
  const fault = { code: "list-unsigned" };
  const sealing = await start((data) => (data.method === "pli.recipients" ? good({ list: { signed: false, fault }, recipients: [{ fault: { code: "certificate-expired" } }, {}] })(data)
    : worker.port.postMessage({ kind: "response", id: data.id, ok: false, fault: { code: "no-recipient", detail: "d" } })));
  const { list, recipients } = await sealing.recipients({ tender: "T" });
  assert.ok(list.fault.message && list.fault.remedy && recipients[0].fault.message && list.fault.help === "#list-unsigned");
  const error = await reason(sealing.seal({ files: [], tender: "T", kind: "offre" }));
  assert.deepEqual([error.name, error.code, error.detail, Boolean(error.remedy)], ["ScelleError", "no-recipient", "d", true]);
});

test("aborting cancels the work, also while it is loading", async () => {
  const sealing = await start(() => {});
  const abort = new AbortController();
  const sealed = reason(sealing.seal({ files: [], tender: "T", kind: "offre", signal: abort.signal }));
  await later();
  abort.abort();
  assert.equal((await sealed).code, "cancelled");
  await later();
  assert.deepEqual(worker.requests.map(({ kind }) => kind), ["request", "cancel"]);
  assert.equal((await reason(sealing.seal({ files: [], tender: "T", kind: "offre", signal: abort.signal }))).code, "cancelled");
  FakeWorker.prototype.ready = false;
  const again = await start(() => {});
  const loading = new AbortController();
  const waits = reason(again.recipients({ tender: "T", signal: loading.signal }));
  await later();
  loading.abort();
  assert.equal((await waits).code, "cancelled");
  delete FakeWorker.prototype.ready;
});

test("a Worker that fails ends what it was doing, and the next try is a new one", async () => {
  const sealing = await start(() => {});
  const sealed = reason(sealing.seal({ files: [], tender: "T", kind: "offre" }));
  await later();
  const first = worker;
  first.onerror();
  assert.equal((await sealed).code, "internal");
  assert.ok(first.ended);
  FakeWorker.prototype.answer = good({ list: {}, recipients: [] });
  await sealing.recipients({ tender: "T" });
  assert.notEqual(worker, first);
});

test("a browser that makes no worker says so, and is asked again the next time", async () => {
  const sealing = await start(good({}));
  globalThis.Worker = class {
    constructor() {
      throw new DOMException("blocked by the page's policy", "SecurityError");
    }
  };
  const error = await reason(sealing.recipients({ tender: "T" }));
  assert.deepEqual([error.name, error.code, error.detail, Boolean(error.remedy)], ["ScelleError", "internal", "worker", true]);
  globalThis.Worker = FakeWorker;
  assert.deepEqual(await sealing.recipients({ tender: "T" }), {});
});
