import assert from "node:assert/strict";
import test from "node:test";
import { EXTENSION, FakeChrome, PORTAL, WORKER, load, plain, run, settle } from "./fakes.js";

const DOCUMENT = "0123456789abcdef0123456789abcdef";
const ID = "ndpdpcogkllnmgclgneefjffomopdbhh";
const PATTERN = `${PORTAL}/*`;

/** A worker of a build that knows these portals. */
const start = (known = [], chrome = new FakeChrome()) => {
  const world = load({ chrome }, ...WORKER.slice(0, 4));
  if (known.length > 0) world.ScellePortals = known;
  run(world, ...WORKER.slice(4));
  const app = (method, params = {}) => chrome.ask({ to: "worker", method, params }, { id: ID, url: `${EXTENSION}/app/options.html` });
  const page = (method, params = {}, origin = PORTAL) =>
    chrome.ask({ to: "worker", method, params, document: DOCUMENT, request: "r" }, { id: ID, url: `${origin}/x`, origin, frameId: 0, documentId: "D", tab: { id: 7 } });
  return { chrome, app, page };
};

test("the options list each site with what it did last and which keys it registered", async () => {
  const { chrome, app, page } = start();
  chrome.granted.add(PATTERN).add("https://autre.example/*");
  await app("site.allow", { origin: PORTAL });
  await app("site.allow", { origin: "https://autre.example" });
  await app("site.remember", { origin: PORTAL, thumbprint: "ab".repeat(32) });
  await page("status");
  let { sites } = (await app("options.get")).result;
  assert.deepEqual(sites.map((s) => [s.origin, s.allowed, s.lastMethod]), [["https://autre.example", true, undefined], [PORTAL, true, undefined]], "asking for the state is no use");
  await page("pli.open");
  ({ sites } = (await app("options.get")).result);
  const mine = sites.find((s) => s.origin === PORTAL);
  assert.equal(mine.lastMethod, "pli.open");
  assert.ok(mine.lastUse >= mine.since);
  assert.deepEqual(mine.keys.map((k) => k.thumbprint), ["ab".repeat(32)]);
  await page("bridge.attach");
  assert.equal((await app("options.get")).result.sites.find((s) => s.origin === PORTAL).lastMethod, "bridge.attach");
  assert.equal((await page("options.get")).fault.code, "not-permitted");
});

test("sites that the administrator no longer allows, and those without the browser's permission, are shown as such", async () => {
  const { chrome, app } = start();
  chrome.granted.add(PATTERN).add("https://autre.example/*");
  for (const origin of [PORTAL, "https://autre.example"]) await app("site.allow", { origin });
  chrome.storage.managed.data = { allowedPortals: [PORTAL], language: "en" };
  chrome.granted.delete(PATTERN);
  const { sites, portals, settled, languageSettled } = (await app("options.get")).result;
  assert.deepEqual(sites.map(({ origin, allowed, forbidden }) => [origin, allowed, forbidden]), [["https://autre.example", false, true], [PORTAL, false, undefined]]);
  assert.deepEqual([portals, settled, languageSettled], [[PORTAL], true, "en"]);
  chrome.storage.managed.data = { allowedPortals: 3 };
  assert.equal((await app("options.get")).result.bad, "allowedPortals");
});

test("known portals need no prompt, can be revoked, and stay revoked after an update", async () => {
  const chrome = new FakeChrome();
  chrome.granted.add(PATTERN);
  chrome.permissions.remove = async () => {
    throw new Error("You cannot remove required permissions."); // Chromium, for host_permissions
  };
  const { app, page } = start([PORTAL], chrome);
  await chrome.runtime.onInstalled.fire({ reason: "install" });
  assert.deepEqual(chrome.scripts[0].matches, [PATTERN]);
  assert.deepEqual((await app("options.get")).result.sites.map(({ origin, allowed, known }) => [origin, allowed, known]), [[PORTAL, true, true]]);
  assert.equal((await page("status")).ok, true);

  assert.equal((await app("site.forget", { origin: PORTAL })).result.allowed, false);
  assert.equal((await page("status")).fault.code, "site-not-allowed");
  assert.deepEqual(chrome.scripts, []);
  for (const event of [chrome.runtime.onInstalled, chrome.runtime.onStartup]) await event.fire({ reason: "update" });
  assert.deepEqual((await app("options.get")).result.sites, [{ origin: PORTAL, allowed: false, known: true, revoked: true, keys: [] }]);

  assert.equal((await app("site.allow", { origin: PORTAL })).result.allowed, true, "and allowed again, by a click in the popup");
  assert.equal((await app("options.get")).result.sites[0].revoked, undefined);
});

test("a known portal without the browser's permission, or not allowed by policy, is not served", async () => {
  const { chrome, app, page } = start([PORTAL]);
  await chrome.runtime.onInstalled.fire({ reason: "install" });
  assert.equal((await page("status")).fault.code, "site-not-allowed");
  chrome.granted.add(PATTERN);
  chrome.storage.managed.data = { allowedPortals: ["https://autre.example"] };
  assert.equal((await page("status")).fault.code, "site-not-allowed");
  assert.equal((await app("options.get")).result.sites[0].forbidden, true);
});

test("a site keeps its browser permission while another port of the same host is allowed", async () => {
  const { chrome, app } = start();
  chrome.granted.add(PATTERN);
  for (const origin of [PORTAL, `${PORTAL}:8443`]) await app("site.allow", { origin });
  await app("site.forget", { origin: PORTAL });
  assert.equal(chrome.granted.has(PATTERN), true);
  await app("site.forget", { origin: `${PORTAL}:8443` });
  assert.equal(chrome.granted.has(PATTERN), false);
});

test("the chosen language comes after the administrator's and before the page's", async () => {
  const { chrome, app, page } = start();
  chrome.granted.add(PATTERN);
  await app("site.allow", { origin: PORTAL });
  const asked = async () => {
    chrome.storage.session.data = {};
    await chrome.ask({ to: "worker", method: "keys.add", params: {}, document: DOCUMENT, request: "r", language: "fr" },
      { id: ID, url: `${PORTAL}/x`, origin: PORTAL, frameId: 0, documentId: "D", tab: { id: 7 } });
    await settle();
    return plain(Object.values(chrome.storage.session.data))[0].session.language;
  };
  assert.equal(await asked(), "fr");
  assert.equal((await app("options.language", { language: "en" })).ok, true);
  assert.equal(await asked(), "en");
  chrome.storage.managed.data = { language: "fr" };
  assert.equal(await asked(), "fr");
  assert.equal((await app("options.language", { language: "de" })).fault.code, "bad-request");
  assert.equal((await page("options.language", { language: "fr" })).fault.code, "not-permitted");
});
