// The extension's worker: a router. It stamps each message with the origin
// that the browser reports, checks it against the generated table, and answers
// from sites.js, sessions.js and status.js.
(() => {
  "use strict";
  // Chromium starts this file alone; Firefox loads the same list from its manifest.
  if (typeof importScripts === "function") {
    importScripts("../gen/protocol.js", "../app/wasm_exec.js", "../app/native.js", "../app/managed.js", "publisher.js", "portals.js", "update.js", "sites.js", "sessions.js", "status.js");
  }
  const api = globalThis.browser ?? globalThis.chrome;
  const { ScelleProtocol: protocol, ScelleSites: sites, ScelleSessions: sessions, ScelleStatus: host, ScelleManaged: managed, ScelleUpdate: updates } = globalThis;

  /** Texts only: a regular expression takes ["abc"] for "abc". */
  const isId = (value) => typeof value === "string" && /^[0-9a-f]{32}$/.test(value);
  const isThumbprint = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);

  const refuse = (code) => {
    throw { code };
  };
  const want = (condition) => condition || refuse("bad-request");

  /** Not in a document that is being prerendered or was put away; Firefox does not say. */
  const active = (sender) => ["active", undefined].includes(sender.documentLifecycle);

  /** "page" (a content script), "bridge" or "app"; "" is nobody that may ask. */
  const partyOf = (sender) => {
    if (sender.id !== api.runtime.id || !sender.url) return "";
    const url = new URL(sender.url);
    if (url.protocol !== new URL(api.runtime.getURL("")).protocol) return sender.tab && sender.frameId === 0 && active(sender) ? "page" : "";
    // use_dynamic_url gives the bridge another host name, so its path names it.
    if (url.pathname === "/app/bridge.html") return sender.tab && sender.frameId > 0 && active(sender) ? "bridge" : "";
    return url.href.startsWith(api.runtime.getURL("app/")) && !sender.frameId ? "app" : "";
  };

  /** The asking document, in the browser's words. Its own random name is the only thing that it says itself. */
  const whoOf = (sender, document) => {
    const origin = sender.origin ?? new URL(sender.url).origin;
    want(isId(document) && origin !== "null");
    return { origin, tabId: sender.tab.id, frameId: 0, ...(sender.documentId && { documentId: sender.documentId }), document };
  };

  const present = async ({ thumbprints }, { who }) => {
    want(Array.isArray(thumbprints) && thumbprints.length <= protocol.limits.maxPresent && thumbprints.every(isThumbprint));
    const known = await sites.registered(who.origin, thumbprints);
    const here = known.length > 0 ? await host.present(known) : [];
    return {
      present: known.filter((t) => here.includes(t)),
      absent: known.filter((t) => !here.includes(t)),
      unknown: thumbprints.filter((t) => !known.includes(t)),
    };
  };

  const MAX_ASKING = 8; // hosts that one site's questions keep running at a time
  const asking = new Map(); // origin -> its questions under way
  /** Each question starts a program: a page that asks in a loop must not fill the computer with them. */
  const few = (handler) => async (params, context) => {
    const { origin } = context.who;
    const more = (by) => asking.set(origin, (asking.get(origin) ?? 0) + by).get(origin) || asking.delete(origin);
    if ((asking.get(origin) ?? 0) >= MAX_ASKING) refuse("busy");
    more(1);
    try {
      return await handler(params, context);
    } finally {
      more(-1);
    }
  };

  /** What a page may say of a key, and nothing else. */
  const serviceKey = ({ id, thumbprint, name, certificate, state, mode, proven, openings }) =>
    ({ id, thumbprint, name, certificate, state, mode, proven, openings });

  const textLanguage = (message) => (message.language === "en" ? "en" : "fr");

  const health = async ({ keys }, { who, message }) => {
    want(Array.isArray(keys) && keys.length <= protocol.limits.maxPresent && keys.every((k) => isThumbprint(k?.thumbprint)));
    const registered = await sites.registered(who.origin, keys.map((k) => k.thumbprint));
    return host.health({ keys: keys.map(serviceKey), registered, language: textLanguage(message) });
  };

  /** For a page also how the keys stand that it registered. */
  const status = async (_, { who, message }) => (who ? host.status(await sites.newest(who.origin), textLanguage(message)) : host.status());

  const isLanguage = (v) => ["fr", "en", ""].includes(v);

  /** The language that the person chose on the options page, "" for none. */
  const chosen = async () => {
    const { language } = /** @type {any} */ (await api.storage.local.get("language"));
    return isLanguage(language) ? language : "";
  };

  const options = async () => {
    const settled = await managed.read();
    return {
      sites: await sites.list(),
      portals: settled.portals ?? [],
      ...(settled.portals && { settled: true }),
      ...(settled.bad && { bad: settled.bad }),
      language: await chosen(),
      ...(settled.language && { languageSettled: settled.language }),
    };
  };

  const choose = async ({ language }) => {
    want(isLanguage(language));
    await api.storage.local.set({ language });
    return {};
  };

  const assist = async (params, { who, message }) => {
    want(typeof message.request === "string" && message.request.length <= 64);
    const asked = ["fr", "en"].includes(message.language) ? message.language : "";
    const language = (await managed.read()).language || (await chosen()) || asked;
    await sites.used(who.origin, message.method);
    return { session: await sessions.open(who, message.method, params, message.request, language) };
  };

  const attach = async (_, { who, message }) => {
    await sites.used(who.origin, message.method);
    return { nonce: await sessions.mint(who) };
  };

  const finish = async ({ session, result, fault }) => {
    want(isId(session));
    await sessions.end(session, fault ? { ok: false, fault } : { ok: true, result: result ?? {} });
    return {};
  };

  const remember = async ({ origin, thumbprint, mode }) => {
    want(isThumbprint(thumbprint));
    await sites.remember(origin, thumbprint, mode);
    return {};
  };

  const fetchUpdate = async ({ vault, place }) => {
    want(isId(vault) && isId(place));
    return updates.bring({ vault, place }, await host.hello());
  };

  /** A window of ours has shown the key; the bridge shows nothing. */
  const pin = async ({ origin, pin: key }, { sender }) => {
    want(isThumbprint(key));
    await sites.pin(origin, key, partyOf(sender) === "app");
    return {};
  };

  /** One handler for each method that pages, bridge and documents may send here. */
  const HANDLERS = {
    "status": status,
    "keys.present": few(present),
    "keys.health": few(health),
    "keys.add": assist,
    "keys.verify": assist,
    "pli.open": assist,
    "pli.rehearse": assist,
    "pli.rewrap": assist,
    "bridge.attach": attach,
    "bridge.verify": async ({ nonce }, { sender }) => ({ origin: await sessions.spend(want(isId(nonce)) && nonce, sender.tab.id) }),
    "session.get": async ({ session }) => ({ ...(await sessions.get(want(isId(session)) && session)), sites: await sites.origins() }),
    "session.finish": finish,
    "site.state": ({ origin }) => sites.state(origin),
    "site.allow": ({ origin }) => sites.allow(origin),
    "site.forget": ({ origin }) => sites.forget(origin),
    "site.remember": remember,
    "update.check": async () => updates.check(await host.hello()),
    "update.fetch": fetchUpdate,
    "site.trust": ({ origin }) => sites.trust(origin),
    "site.pin": pin,
    "site.seen": ({ origin }) => sites.seen(origin),
    "options.get": options,
    "options.language": choose,
  };

  const answer = async (message, sender) => {
    const { method } = message;
    const params = message.params ?? {};
    const party = partyOf(sender);
    if (!Object.hasOwn(HANDLERS, method)) refuse("unknown-method");
    if (!protocol.methods[method].from.includes(party)) refuse("not-permitted");
    want(typeof params === "object" && JSON.stringify(params).length <= protocol.limits.maxFrame);
    if (party !== "page") return HANDLERS[method](params, { sender, message });
    const who = whoOf(sender, message.document);
    // The same answer for every site that was not allowed, whatever this computer holds.
    if (!(await sites.allowed(who.origin))) refuse("site-not-allowed");
    return HANDLERS[method](params, { sender, message, who });
  };

  const faultOf = (error) => {
    if (typeof error?.code === "string") return { code: error.code, ...(error.detail && { detail: error.detail }) };
    console.error("Scellé:", error);
    return { code: "internal" };
  };

  api.runtime.onMessage.addListener((message, sender, reply) => {
    if (message?.to === "assistant" && message.kind === "cancel" && partyOf(sender) === "page") {
      sessions.onCancel(message.session, message.document);
    }
    if (message?.to !== "worker") return false;
    answer(message, sender).then(
      (result) => reply({ ok: true, result }),
      (error) => reply({ ok: false, fault: faultOf(error) }),
    );
    return true; // the reply comes later
  });

  api.permissions.onAdded.addListener(sites.onPermissionAdded);
  api.permissions.onRemoved.addListener(sites.onPermissionRemoved);
  api.windows.onRemoved.addListener(sessions.onWindowRemoved);
  api.tabs.onRemoved.addListener(sessions.onTabRemoved);
  api.tabs.onUpdated.addListener(sessions.onTabUpdated);
  api.runtime.onInstalled.addListener(sites.restart);
  api.runtime.onStartup.addListener(sites.start);

  // Content scripts have no business in the stores; Firefox has no such switch.
  api.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });
  sessions.sweep();
})();
