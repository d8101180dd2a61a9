import assert from "node:assert/strict";
import test from "node:test";
import { readFileSync } from "node:fs";
import { EXTENSION, FakeChrome, PORTAL, load, plain } from "./fakes.js";

const manager = (values) => {
  const chrome = new FakeChrome();
  chrome.storage.managed.data = values;
  return load({ chrome }, "app/managed.js").ScelleManaged;
};

test("without an administrator everything is as the person wants it", async () => {
  assert.deepEqual(plain(await manager({}).read()), { saving: true, language: "" });
  const chrome = new FakeChrome();
  chrome.storage.managed.get = async () => {
    throw new Error("Managed storage manifest not found");
  };
  assert.equal((await load({ chrome }, "app/managed.js").ScelleManaged.read()).saving, true);
  delete chrome.storage.managed;
  assert.equal((await load({ chrome }, "app/managed.js").ScelleManaged.read()).saving, true);
});

test("what cannot be read allows nothing", async () => {
  const broken = [{ allowedPortals: "https://a.example" }, { allowedPortals: [1] }, { saveOpenedPlis: "no" }, { language: "de" }];
  for (const values of broken) {
    const managed = manager(values);
    const read = await managed.read();
    assert.equal(read.bad, Object.keys(values)[0]);
    assert.equal(read.saving, false);
    assert.equal(managed.allows(read, PORTAL), false);
  }
});

test("portals are matched whole, or below a name", async () => {
  const managed = manager({ allowedPortals: ["https://marches.example.fr", "https://*.achats.fr", "https://*", "http://*.local", "https://*x.fr"] });
  const read = await managed.read();
  const cases = {
    "https://marches.example.fr": true, "https://a.achats.fr": true, "https://a.b.achats.fr": true,
    "https://marches.example.fr:8443": false, "http://marches.example.fr": false, "https://achats.fr": false,
    "https://.achats.fr": false, "https://notachats.fr": false, "https://other.fr": false, "http://a.local": false, "https://ax.fr": false,
  };
  for (const [origin, want] of Object.entries(cases)) assert.equal(managed.allows(read, origin), want, origin);
  // The same table as the Go side's.
  const table = JSON.parse(readFileSync(new URL("../../shared/policy/testdata/portals.json", import.meta.url), "utf8"));
  const same = manager({ allowedPortals: table.patterns });
  for (const [origin, want] of Object.entries(table.allowed)) assert.equal(same.allows(await same.read(), origin), want, origin);
  assert.equal(managed.allows(await manager({}).read(), "https://other.fr"), true);
  assert.equal(managed.allows(await manager({ allowedPortals: [] }).read(), PORTAL), false);
});

const WORKER = ["gen/protocol.js", "app/native.js", "app/managed.js", "worker/portals.js", "worker/sites.js", "worker/sessions.js", "worker/status.js", "worker/worker.js"];
const pageSender = { id: "ndpdpcogkllnmgclgneefjffomopdbhh", url: `${PORTAL}/x`, origin: PORTAL, frameId: 0, documentId: "DOC", tab: { id: 7 } };
const appSender = { id: "ndpdpcogkllnmgclgneefjffomopdbhh", url: `${EXTENSION}/app/popup.html`, origin: EXTENSION };

test("the worker holds sites to it, also those that were allowed before", async () => {
  const chrome = new FakeChrome();
  load({ chrome }, ...WORKER);
  chrome.granted.add(`${PORTAL}/*`);
  const fromApp = (method) => chrome.ask({ to: "worker", method, params: { origin: PORTAL } }, appSender);
  const fromPage = () => chrome.ask({ to: "worker", method: "bridge.attach", params: {}, document: "0".repeat(32) }, pageSender);
  assert.equal((await fromApp("site.allow")).result.allowed, true);
  assert.equal((await fromPage()).ok, true);
  chrome.storage.managed.data = { allowedPortals: ["https://only.example"] };
  assert.equal((await fromPage()).fault.code, "site-not-allowed");
  const { result } = await fromApp("site.state");
  assert.equal(result.allowed, false);
  assert.equal(result.forbidden, true);
  assert.equal((await fromApp("site.allow")).fault.code, "site-forbidden");
});

test("the administrator's language is that of the assistant", async () => {
  const chrome = new FakeChrome();
  chrome.storage.managed.data = { language: "en" };
  load({ chrome }, ...WORKER);
  chrome.granted.add(`${PORTAL}/*`);
  await chrome.ask({ to: "worker", method: "site.allow", params: { origin: PORTAL } }, appSender);
  const { result } = await chrome.ask({ to: "worker", method: "keys.add", params: {}, document: "0".repeat(32), request: "r", language: "fr" }, pageSender);
  const asked = await chrome.ask({ to: "worker", method: "session.get", params: { session: result.session } }, { ...appSender, url: `${EXTENSION}/app/assistant.html` });
  assert.equal(asked.result.language, "en");
});
