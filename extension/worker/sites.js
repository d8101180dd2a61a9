// Which sites may use Scellé. A site is served when the person allowed it here
// (a grant) and the browser still holds its host permission; either alone is
// nothing. Grants: storage.local "grants" = {origin: {since, lastUse,
// lastMethod, keys, pin, pinned, unseen}}, keys = {thumbprint: {since, proven,
// mode?}}, the keys that this origin registered (proven is the last proof of
// possession; what an older version kept is the text since alone); pin = the key
// of the first signed list that was seen since the grant, which ends with it,
// pinned = when that was; unseen while nobody has looked at a key that was kept
// behind the page's back: then the icon has a badge. A build with a list of known
// portals (portals.js)
// allows those by itself, except the ones in storage.local "revoked" = [origin].
(() => {
  "use strict";
  const api = globalThis.browser ?? globalThis.chrome;

  const SCRIPT_ID = "scelle";
  const CONTENT = ["gen/protocol.js", "gen/faults.js", "content/content.js"];
  const WISH_MILLIS = 5 * 60_000;
  const MAX_KEYS = 2000; // remembered keys of one site

  let tail = Promise.resolve();
  /** Runs changes of the grants one after the other. */
  const exclusive = (change) => {
    const run = tail.then(change);
    tail = run.catch(() => {});
    return run;
  };

  /** @type {() => Promise<Record<string, any>>} */
  const load = async () => /** @type {any} */ (await api.storage.local.get("grants")).grants ?? {};
  const save = (grants) => api.storage.local.set({ grants });
  const now = () => new Date().toISOString();

  /** Match patterns know no ports (Firefox), so one covers every port of a host. */
  const pattern = (origin) => {
    const url = new URL(origin);
    return `${url.protocol}//${url.hostname}/*`;
  };

  /** https, or what a demo build's manifest adds: loopback. */
  const secure = (origin) => {
    try {
      if (new URL(origin).origin !== origin) return false;
      const optional = api.runtime.getManifest().optional_host_permissions ?? [];
      return origin.startsWith("https://") || optional.includes(pattern(origin));
    } catch {
      return false;
    }
  };

  /** What the administrator keeps from everybody; read anew, since policies change while we run. */
  const forbidden = async (origin) => {
    const { ScelleManaged: managed } = globalThis;
    return !managed.allows(await managed.read(), origin);
  };

  const permitted = (origin) => api.permissions.contains({ origins: [pattern(origin)] });

  const allowed = async (origin) =>
    secure(origin) && Object.hasOwn(await load(), origin) && (await permitted(origin)) && !(await forbidden(origin));

  const state = async (origin) => {
    const grant = (await load())[origin];
    const served = await allowed(origin);
    return {
      origin,
      allowed: served,
      secure: secure(origin),
      ...((await forbidden(origin)) && { forbidden: true }),
      ...(served && { since: grant.since, ...(grant.lastUse && { lastUse: grant.lastUse }) }),
      keys: served ? Object.keys(grant.keys).length : 0,
      ...(served && (await listKeys(origin))),
    };
  };

  /** Makes the registered content script follow the grants. */
  const register = async () => {
    const matches = [...new Set(Object.keys(await load()).map(pattern))];
    const have = await api.scripting.getRegisteredContentScripts({ ids: [SCRIPT_ID] });
    if (have.length > 0) await api.scripting.unregisterContentScripts({ ids: [SCRIPT_ID] });
    if (matches.length === 0) return;
    const script = { id: SCRIPT_ID, matches, js: CONTENT, runAt: "document_start", allFrames: false, persistAcrossSessions: true };
    await api.scripting.registerContentScripts([/** @type {any} */ (script)]);
  };

  /** Starts the content script in pages that are open already. */
  const inject = async (origin) => {
    for (const tab of await api.tabs.query({ url: pattern(origin) })) {
      // A tab that shows the browser's error page refuses; the next load has the script.
      await api.scripting.executeScript({ target: { tabId: tab.id ?? -1, allFrames: false }, files: CONTENT, injectImmediately: true }).catch(() => {});
    }
  };

  const revoked = async () => /** @type {any} */ (await api.storage.local.get("revoked")).revoked ?? [];
  const isKnown = (origin) => globalThis.ScellePortals.includes(origin);

  const grant = async (origin) => {
    const grants = await load();
    await api.storage.local.set({ revoked: (await revoked()).filter((o) => o !== origin) });
    if (!Object.hasOwn(grants, origin)) await save({ ...grants, [origin]: { since: now(), keys: {} } });
    await register();
    await inject(origin);
  };

  /**
   * Wish and permission make a grant, in either order: the browser's prompt
   * closes the popup in some browsers, so the popup may say what it is going
   * to ask for before it asks.
   */
  const allow = async (origin) => {
    if (!secure(origin)) throw { code: "site-not-secure" };
    if (await forbidden(origin)) throw { code: "site-forbidden" };
    if (await permitted(origin)) await exclusive(() => grant(origin));
    else await api.storage.session.set({ wish: { origin, until: Date.now() + WISH_MILLIS } });
    return state(origin);
  };

  const onPermissionAdded = async () => {
    const { wish } = /** @type {any} */ (await api.storage.session.get("wish"));
    if (!wish || wish.until < Date.now() || !(await permitted(wish.origin))) return;
    await api.storage.session.remove("wish");
    await exclusive(() => grant(wish.origin));
  };

  const drop = async (origins) => {
    const grants = await load();
    await save(Object.fromEntries(Object.entries(grants).filter(([origin]) => !origins.includes(origin))));
    await register();
    await badge();
  };

  /** A permission that was taken away in the browser's own pages ends the grant. */
  const onPermissionRemoved = () =>
    exclusive(async () => {
      const gone = [];
      for (const origin of Object.keys(await load())) if (!(await permitted(origin))) gone.push(origin);
      if (gone.length > 0) await drop(gone);
    });

  const forget = async (origin) => {
    await exclusive(async () => {
      await drop([origin]);
      if (isKnown(origin)) await api.storage.local.set({ revoked: [...new Set([...(await revoked()), origin])] });
      const shared = [...Object.keys(await load()), ...globalThis.ScellePortals].some((o) => pattern(o) === pattern(origin));
      // What the manifest itself asks for cannot be given back in Chromium.
      if (!shared) await api.permissions.remove({ origins: [pattern(origin)] });
    });
    return state(origin);
  };

  const change = (origin, edit) =>
    exclusive(async () => {
      const grants = await load();
      if (!Object.hasOwn(grants, origin)) return;
      edit(grants[origin]);
      await save(grants);
    });

  const used = (origin, method) => change(origin, (grant) => void Object.assign(grant, { lastUse: now(), lastMethod: method }));

  /** A key as it is kept now; it was proven when it was registered. */
  const noted = (key) => (typeof key === "string" ? { since: key, proven: key } : key);

  /** A key that this origin just registered, or proved again. Where its pair came from does not change: the first word counts. */
  const remember = (origin, thumbprint, mode) =>
    change(origin, (grant) => {
      const { keys } = grant;
      const at = now();
      if (!Object.hasOwn(keys, thumbprint) && Object.keys(keys).length >= MAX_KEYS) return;
      const old = Object.hasOwn(keys, thumbprint) ? noted(keys[thumbprint]) : { since: at };
      keys[thumbprint] = { ...(["existing", "server", "local"].includes(mode) && { mode }), ...old, proven: at };
    });

  /** SiteKey of every key of a grant, the oldest first. */
  const siteKeys = (keys) =>
    Object.entries(keys).map(([thumbprint, key]) => ({ thumbprint, ...noted(key) })).sort((a, b) => (a.since < b.since ? -1 : 1));

  /** ServiceKey of the newest keys that this origin registered. */
  const newest = async (origin) => {
    const keys = siteKeys((await load())[origin]?.keys ?? {}).slice(-globalThis.ScelleProtocol.limits.maxPresent).reverse();
    return keys.map(({ thumbprint, proven, mode }) => ({ thumbprint, proven, ...(mode && { mode }) }));
  };

  /** Those of the thumbprints that this origin registered. */
  const registered = async (origin, thumbprints) => {
    const keys = (await load())[origin]?.keys ?? {};
    return thumbprints.filter((t) => Object.hasOwn(keys, t));
  };

  /** TrustResult: the administrator's pins, or else the one that was seen first. */
  const trust = async (origin) => {
    const { listKeys: settled, unsigned } = await globalThis.ScelleManaged.read();
    if (Object.hasOwn(settled, origin)) return { pins: settled[origin], managed: true, unsigned };
    const grants = await load();
    const { pin, pinned } = Object.hasOwn(grants, origin) ? grants[origin] : {};
    return { pins: pin ? [pin] : [], ...(pinned && { since: pinned }), unsigned };
  };

  /** For SiteResult. */
  const listKeys = async (origin) => {
    const { pins, since } = await trust(origin);
    const { unseen } = (await load())[origin] ?? {};
    return pins.length > 0 && { listKeys: pins, ...(since && { listKeySince: since }), ...(since && unseen && { newListKey: true }) };
  };

  /** The icon says that a key was kept which nobody has looked at. */
  const badge = async () => {
    const unseen = Object.values(await load()).some((grant) => grant.unseen);
    await api.action.setBadgeText({ text: unseen ? "!" : "" });
  };

  /**
   * Keeps the first key that signed a list; another one never takes its place.
   * @type {(origin: string, key: string, shown: boolean) => Promise<void>} shown: in a window of ours
   */
  const pin = async (origin, key, shown) => {
    await change(origin, (grant) => void (grant.pin ?? Object.assign(grant, { pin: key, pinned: now(), ...(!shown && { unseen: true }) })));
    await badge();
    if (!(await trust(origin)).pins.includes(key)) throw { code: "list-signer", detail: key };
  };

  const seen = async (origin) => {
    await change(origin, (grant) => void delete grant.unseen);
    await badge();
    return state(origin);
  };

  /** Known portals are allowed from the start, unless the person revoked them. */
  const seed = async () => {
    const grants = await load();
    const no = await revoked();
    const fresh = globalThis.ScellePortals.filter((o) => secure(o) && !Object.hasOwn(grants, o) && !no.includes(o));
    if (fresh.length > 0) await save({ ...Object.fromEntries(fresh.map((o) => [o, { since: now(), keys: {} }])), ...grants });
    await register();
    await badge();
  };

  /** Origins that were allowed here, or are known to this build. */
  const origins = async () => [...new Set([...Object.keys(await load()), ...globalThis.ScellePortals])].sort();

  /** Every site there is something to say about (SiteEntry), by origin. */
  const list = async () => {
    const grants = await load();
    const no = await revoked();
    return Promise.all((await origins()).map(async (origin) => {
      const { since, lastUse, lastMethod, keys = {} } = grants[origin] ?? {};
      return {
        origin,
        allowed: await allowed(origin),
        ...(isKnown(origin) && { known: true }),
        ...(no.includes(origin) && { revoked: true }),
        ...((await forbidden(origin)) && { forbidden: true }),
        ...(since && { since }),
        ...(lastUse && { lastUse }),
        ...(lastMethod && { lastMethod }),
        keys: siteKeys(keys),
      };
    }));
  };

  /** After an update old content scripts are orphans: every open page gets a new one. */
  const restart = async () => {
    await exclusive(seed);
    for (const origin of Object.keys(await load())) await inject(origin);
  };

  globalThis.ScelleSites = Object.freeze({
    allowed, state, allow, forget, list, origins, used, remember, registered, newest, trust, pin, seen, start: () => exclusive(seed), restart,
    onPermissionAdded, onPermissionRemoved,
  });
})();
