// What the worker does around shared/update: when it asks, how much it reads,
// and that nothing but good bytes changes anything. The decision itself is
// Go's, and played here; scripts/e2e runs both together.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { EXTENSION, FakeChrome, PORTAL, WORKER, fakeHost, load, run, settle } from "./fakes.js";

const app = { id: "ndpdpcogkllnmgclgneefjffomopdbhh", url: `${EXTENSION}/app/popup.html`, origin: EXTENSION };
const page = { ...app, url: `${PORTAL}/x`, origin: PORTAL, frameId: 0, documentId: "DOC", tab: { id: 7 } };
const FOLDER = "https://mises-a-jour.example/scelle/";
const PACKAGE = new TextEncoder().encode("the setup's bytes");
const NAMES = { vault: "a".repeat(32), place: "b".repeat(32) };
const far = "2999-01-01T00:00:00Z";

/** A worker with a publisher, a server of files and a judge in place of Go. */
const start = async ({ keys = ["00".repeat(32)], address = FOLDER } = {}) => {
  const chrome = new FakeChrome();
  chrome.host = fakeHost({ "host.status": () => ({ stores: [{ state: "ready" }] }) });
  const s = { chrome, asked: [], questions: [], kept: [], files: { [`${FOLDER}update.json`]: new TextEncoder().encode("{}"), [`${FOLDER}setup.exe`]: PACKAGE } };
  const hash = createHash("sha256").update(PACKAGE).digest("hex");
  s.answer = {
    state: { floor: "0.1.0", issued: "2027-01-01T00:00:00Z" }, version: "0.2.0", expires: far, newer: true,
    package: { kind: "setup", os: "windows", arch: "", name: "setup.exe", size: PACKAGE.length, sha256: hash },
  };
  const folder = (path) => ({
    getDirectoryHandle: async (name) => folder(`${path}/${name}`),
    getFileHandle: async (name) => ({ createWritable: async () => ({ write: async (blob) => s.kept.push([`${path}/${name}`, await blob.text()]), close: async () => {} }) }),
  });
  const globals = {
    AbortSignal, TextDecoder, navigator: { storage: { getDirectory: async () => folder("") } },
    fetch: async (url, options) => {
      if (url.startsWith(EXTENSION)) return {};
      s.asked.push(url);
      assert.deepEqual([options.credentials, options.redirect, options.referrerPolicy], ["omit", "error", "no-referrer"]);
      if (s.offline) throw new TypeError("Failed to fetch");
      return s.files[url] ? new Response(s.files[url]) : new Response("", { status: 404 });
    },
    WebAssembly: { instantiateStreaming: async () => ({ instance: {} }) },
    Go: class {
      run = async () => {
        s.questions.push(JSON.parse(world.scelleUpdate.question));
        world.scelleUpdate.answer = JSON.stringify(s.answer);
      };
    },
  };
  const world = load({ chrome, ...globals }, ...WORKER.slice(0, 5));
  world.ScellePublisher = { address, keys };
  run(world, ...WORKER.slice(5));
  s.fromApp = (method, params = {}) => chrome.ask({ to: "worker", method, params }, app);
  s.stored = () => chrome.storage.local.data.update;
  chrome.granted.add(`${PORTAL}/*`);
  assert.equal((await s.fromApp("site.allow", { origin: PORTAL })).ok, true);
  return s;
};

test("without an address or a key nothing is asked for", async () => {
  for (const config of [{ keys: [] }, { address: "" }]) {
    const s = await start(config);
    assert.equal((await s.fromApp("status")).result.update, undefined);
    assert.deepEqual((await s.fromApp("update.check")).result, {});
    assert.equal((await s.fromApp("update.fetch", NAMES)).fault.code, "update-none");
    assert.deepEqual([s.asked, s.stored()], [[], undefined]);
  }
});

test("an administrator chooses the address, or none", async () => {
  const s = await start();
  s.chrome.storage.managed.data = { updateAddress: "none" };
  await s.fromApp("update.check");
  assert.deepEqual(s.asked, []);
  s.chrome.storage.managed.data = { updateAddress: "https://intranet.example/" };
  assert.equal((await s.fromApp("update.check")).result.fault.code, "update-unavailable");
  assert.deepEqual(s.asked, ["https://intranet.example/update.json"]);
});

test("pages ask for nothing, and learn the version only", async () => {
  const s = await start();
  for (const method of ["update.check", "update.fetch"]) {
    const answer = await s.chrome.ask({ to: "worker", method, params: NAMES, document: "0".repeat(32) }, page);
    assert.equal(answer.fault.code, "not-permitted");
  }
  await s.fromApp("update.check");
  const { result } = await s.chrome.ask({ to: "worker", method: "status", params: {}, document: "0".repeat(32) }, page);
  assert.deepEqual(result.update, { host: "0.2.0" });
});

test("status looks once a day, in the background", async () => {
  const s = await start();
  assert.equal((await s.fromApp("status")).result.update, undefined);
  await settle(20);
  assert.equal(s.asked.length, 1);
  await s.fromApp("status");
  await settle(20);
  assert.equal(s.asked.length, 1);
  assert.deepEqual(s.questions[0].host, { version: "0.1.0", os: "linux", arch: "amd64", package: "" });
  assert.deepEqual(s.questions[0].state, {});
  await s.fromApp("update.check");
  assert.deepEqual(s.questions[1].state, s.answer.state);
});

test("what is offered ends with its time, and with a host that has it", async () => {
  const s = await start();
  assert.equal((await s.fromApp("update.check")).result.host, "0.2.0");
  s.chrome.host = fakeHost({}, { version: "0.2.0", protocol: 1, minProtocol: 1, os: "linux", arch: "amd64" });
  s.answer = { ...s.answer, newer: false };
  assert.deepEqual((await s.fromApp("update.check")).result, { source: "https://mises-a-jour.example" });
  s.chrome.host = fakeHost({}, { version: "0.1.0", protocol: 1, minProtocol: 1 });
  s.answer = { ...s.answer, newer: true, expires: "2001-01-01T00:00:00Z" };
  assert.equal((await s.fromApp("update.check")).result.host, undefined);
});

test("a host that is too old to talk to still gets its update", async () => {
  const s = await start();
  s.chrome.host = fakeHost({}, { version: "0.0.9", protocol: 0, minProtocol: 0, os: "windows", arch: "amd64", package: "setup" });
  const { result } = await s.fromApp("update.check");
  assert.deepEqual([result.host, result.package.name], ["0.2.0", "setup.exe"]);
  assert.equal(s.questions[0].host.package, "setup");
});

test("a manifest that is refused changes nothing", async () => {
  const s = await start();
  await s.fromApp("update.check");
  const before = s.stored();
  s.answer = { state: before.state, newer: false, fault: { code: "update-expired" } };
  const { result } = await s.fromApp("update.check");
  assert.deepEqual([result.host, result.package, result.fault.code], ["0.2.0", undefined, "update-expired"]);
  const { checked, fault, ...kept } = s.stored();
  assert.deepEqual({ ...kept, checked: 0 }, { ...before, checked: 0 });
  assert.equal((await s.fromApp("update.fetch", NAMES)).fault.code, "update-expired");
  s.offline = true;
  assert.equal((await s.fromApp("update.check")).result.fault.code, "update-unavailable");
  s.offline = false;
  s.files[`${FOLDER}update.json`] = new Uint8Array((64 << 10) + 1);
  assert.equal((await s.fromApp("update.check")).result.fault.code, "update-unreadable");
  assert.equal(s.questions.length, 3, "what is too long is not even looked at");
  assert.deepEqual(s.kept, []);
});

test("only the very bytes that were signed get a name", async () => {
  const s = await start();
  const good = s.files[`${FOLDER}setup.exe`];
  const flipped = Uint8Array.from(good, (b, i) => (i === 3 ? b ^ 1 : b));
  for (const bytes of [flipped, good.slice(1), new Uint8Array([...good, 0]), new Uint8Array(0)]) {
    s.files[`${FOLDER}setup.exe`] = bytes;
    assert.equal((await s.fromApp("update.fetch", NAMES)).fault.code, "update-damaged");
  }
  delete s.files[`${FOLDER}setup.exe`];
  assert.equal((await s.fromApp("update.fetch", NAMES)).fault.code, "update-unavailable");
  assert.deepEqual(s.kept, []);
  s.files[`${FOLDER}setup.exe`] = good;
  assert.deepEqual((await s.fromApp("update.fetch", NAMES)).result, { kind: "setup", name: "setup.exe", size: good.length });
  assert.deepEqual(s.kept, [[`/quarantine/${NAMES.vault}/${NAMES.place}/setup.exe`, "the setup's bytes"]]);
  for (const bad of [{}, { vault: "..", place: NAMES.place }, { vault: NAMES.vault, place: "../x" }]) {
    assert.equal((await s.fromApp("update.fetch", bad)).fault.code, "bad-request");
  }
});
