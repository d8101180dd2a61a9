// A worker for its tests, and who speaks to it.
import assert from "node:assert/strict";
import { EXTENSION, FakeChrome, PORTAL, WORKER, load, run } from "./fakes.js";

export const DOCUMENT = "0123456789abcdef0123456789abcdef";
export const THUMBPRINT = "ab".repeat(32);
export const OTHER = "cd".repeat(32);

export const pageSender = (over = {}) => ({
  id: "ndpdpcogkllnmgclgneefjffomopdbhh", url: `${PORTAL}/marches?x=1`, origin: PORTAL, frameId: 0, documentId: "DOC", tab: { id: 7 }, ...over,
});
export const appSender = (file = "assistant.html", over = {}) => ({ id: "ndpdpcogkllnmgclgneefjffomopdbhh", url: `${EXTENSION}/app/${file}`, origin: EXTENSION, ...over });
export const bridgeSender = (tab = 7) => appSender("bridge.html", { frameId: 3, tab: { id: tab } });

/** A worker as Firefox loads it, the portal allowed unless said otherwise. */
export const start = async ({ allowed = true, chrome = new FakeChrome(), known } = {}) => {
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

export const sessions = (chrome) => Object.entries(chrome.storage.session.data).filter(([k]) => k.startsWith("session:")).map(([, v]) => v);
