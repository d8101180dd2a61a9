// Assistant windows and the documents that asked for them. A session lives in
// storage.session ("session:<id>" = {session, windowId, started, raised, over, outcome}),
// since a worker dies after 30 s without work, even between two lines. Whatever
// ends it, the asking document gets a response; it takes the first one only.
(() => {
  "use strict";
  const api = globalThis.browser ?? globalThis.chrome;

  /** The document of a request's window: the two load different modules. */
  const documentOf = (method) => (method.startsWith("pli.") ? "app/opening.html" : "app/assistant.html");
  const WINDOW = /** @type {const} */ ({ type: "popup", width: 560, height: 720, focused: true });
  const MAX_SESSIONS = 4; // windows at a time, whatever reloads a page does
  const START_MILLIS = 30_000; // a window that did not appear by then never will
  const RAISE_MILLIS = 3_000; // between two times that a page has its window brought to the front
  const NONCE_MILLIS = 30_000;
  const SEND_MILLIS = 3_000; // how long an answer waits for its page

  /** @type {Promise<any>} */
  let tail = Promise.resolve();
  /** @type {<T>(change: () => Promise<T>) => Promise<T>} */
  const exclusive = (change) => {
    const run = tail.then(change);
    tail = run.catch(() => {});
    return run;
  };

  const randomId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  const key = (id) => `session:${id}`;
  /** @type {(name: string | null) => Promise<any>} */
  const stored = (name) => api.storage.session.get(name);
  const load = async (id) => (await stored(key(id)))[key(id)];
  const save = (record) => api.storage.session.set({ [key(record.session.session)]: record });

  const records = async () => {
    const everything = await stored(null);
    return Object.keys(everything).filter((k) => k.startsWith("session:")).map((k) => everything[k]);
  };

  /** The sessions that have not ended. */
  const all = async () => (await records()).filter((r) => !r.outcome);

  /** Sends to the one document that a session belongs to. */
  const toPage = (session, message) =>
    api.tabs.sendMessage(
      session.tabId,
      { to: "content", document: session.document, session: session.session, request: session.request, ...message },
      // Firefox may know no document ids: there the random name of the content
      // script alone keeps the next document of the frame out.
      session.documentId ? { documentId: session.documentId } : { frameId: session.frameId },
    );

  const toAssistant = (session, message) =>
    api.runtime.sendMessage({ to: "assistant", session: session.session, ...message }).catch(() => {});

  /** Ends a session; outcome is {ok, result?, fault?}. A page that is gone hears nothing. */
  const end = async (id, outcome) => {
    const record = await exclusive(async () => {
      const found = await load(id);
      if (!found || found.outcome) return undefined;
      await save({ ...found, outcome });
      return { ...found, outcome };
    });
    if (record) await tell(record);
  };

  /**
   * Tells the page, then forgets. Outside the queue and not for ever: a page
   * that stands still (an alert, a loop) must not keep the others waiting.
   */
  const tell = async ({ session, outcome }) => {
    const sent = toPage(session, { kind: "response", ...outcome }).catch(() => {});
    await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, SEND_MILLIS))]);
    await api.storage.session.remove(key(session.session));
  };

  const cancelled = { ok: false, fault: { code: "cancelled" } };

  const show = async (record) => {
    const id = record.session.session;
    try {
      const made = await api.windows.create({ ...WINDOW, url: `${api.runtime.getURL(documentOf(record.session.method))}#${id}` });
      if (made?.id === undefined) throw new Error("no window");
      await exclusive(async () => {
        const now = await load(id);
        if (now) await save({ ...now, windowId: made.id }); // one that ended meanwhile keeps its outcome
      });
      await api.windows.get(made.id); // closed already, before it was noted?
    } catch {
      await end(id, cancelled);
    }
  };

  /** A window whose page cancelled or went away makes room for the same site's next one. */
  const superseded = async (record, who) => {
    if (!record.over || record.session.origin !== who.origin) return false;
    await api.storage.session.remove(key(record.session.session));
    if (record.windowId !== undefined) await api.windows.remove(record.windowId).catch(() => {});
    return true;
  };

  /**
   * Brings the window of a page that asks again to the front. Not more often
   * than now and then: the window's buttons arm anew each time that it comes
   * there, and a page that asks without end must not keep them from arming.
   */
  const raise = async (record) => {
    if (record.windowId === undefined || Date.now() - record.raised < RAISE_MILLIS) return;
    await save({ ...record, raised: Date.now() });
    await api.windows.update(record.windowId, { focused: true }).catch(() => {});
  };

  /**
   * Opens an assistant window for a page's request; returns the session's id
   * before the window is there, so that the content script knows it first.
   */
  const open = (who, method, params, request, language) =>
    exclusive(async () => {
      const live = [];
      for (const r of await all()) if (!(await superseded(r, who))) live.push(r);
      const same = live.find((r) => r.session.document === who.document && r.session.tabId === who.tabId);
      const busy = same ?? (live.length >= MAX_SESSIONS ? live[0] : undefined);
      if (busy) {
        // A site must not bring another site's window to the front.
        if (busy.session.origin === who.origin) await raise(busy);
        throw { code: "busy" };
      }
      const session = { session: randomId(), request, method, params, ...who, ...(language && { language }) };
      const record = { session, started: Date.now() };
      await save(record);
      setTimeout(show, 0, record);
      return session.session;
    });

  const get = async (id) => {
    const record = await load(id);
    if (!record || record.outcome) throw { code: "session-lost" };
    if (record.over) throw { code: record.over };
    return record.session;
  };

  /** Marks a session whose page cancelled or went away; the assistant says so. */
  const over = (id, code) =>
    exclusive(async () => {
      const record = await load(id);
      if (!record || record.over || record.outcome) return;
      await save({ ...record, over: code });
      await toAssistant(record.session, { kind: "cancel", fault: { code } });
    });

  /** The content script told the assistant to stop; a window that still loads must learn it too. */
  const onCancel = async (id, document) => {
    const record = await load(id);
    if (record?.session.document === document) await over(id, "cancelled");
  };

  const onWindowRemoved = async (windowId) => {
    for (const r of await all()) if (r.windowId === windowId) await end(r.session.session, cancelled);
  };

  const onTabRemoved = async (tabId) => {
    for (const r of await all()) if (r.session.tabId === tabId) await over(r.session.session, "session-lost");
  };

  /** After a navigation the old document does not answer any more. */
  const onTabUpdated = async (tabId, info) => {
    if (info.status === undefined) return;
    for (const r of await all()) {
      if (r.session.tabId !== tabId || r.over) continue;
      const answer = await toPage(r.session, { kind: "ping" }).catch(() => undefined);
      if (answer?.ok !== true) await over(r.session.session, "session-lost");
    }
  };

  /** At the worker's start: windows may have closed while it slept. */
  const sweep = async () => {
    for (const r of await records()) if (r.outcome) await tell(r);
    for (const r of await all()) {
      const late = r.windowId === undefined && Date.now() - r.started > START_MILLIS;
      const closed = r.windowId !== undefined && !(await api.windows.get(r.windowId).catch(() => undefined));
      if (late || closed) await end(r.session.session, cancelled);
    }
    const everything = await stored(null);
    const stale = Object.keys(everything).filter((k) => k.startsWith("nonce:") && everything[k].until < Date.now());
    if (stale.length > 0) await api.storage.session.remove(stale);
  };

  /** A bridge's nonce, bound to the document that asked for it. */
  const mint = async (who) => {
    const nonce = randomId();
    await api.storage.session.set({ [`nonce:${nonce}`]: { who, until: Date.now() + NONCE_MILLIS } });
    return nonce;
  };

  /** Takes a nonce out of the store, for good. */
  const take = (nonce) =>
    exclusive(async () => {
      const name = `nonce:${nonce}`;
      const bound = (await stored(name))[name];
      await api.storage.session.remove(name);
      return bound;
    });

  /**
   * Spends a nonce. No browser says in which document a frame lies, so the
   * document that the nonce was made for is asked: it must still be the one in
   * its tab, and be waiting for a bridge with this very nonce. One that was
   * left, or put away for going back, does not answer.
   */
  const spend = async (nonce, tabId) => {
    const bound = await take(nonce);
    if (!bound || bound.who.tabId !== tabId || bound.until < Date.now()) throw { code: "not-permitted" };
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, SEND_MILLIS)));
    const answer = await Promise.race([toPage(bound.who, { kind: "bridge", nonce }).catch(() => undefined), late]);
    clearTimeout(timer);
    if (answer?.ok !== true) throw { code: "not-permitted" };
    return bound.who.origin;
  };

  globalThis.ScelleSessions = Object.freeze({
    open, get, end, sweep, mint, spend, onCancel, onWindowRemoved, onTabRemoved, onTabUpdated,
  });
})();
