// Runs in Firefox's own scope (Marionette's chrome context) before each
// command. A page is named by its browser id, which stays when a navigation
// changes the process; windows and the popup of an extension's icon have one
// too, though the popup is no WebDriver window. Scripts, clicks and keys go
// through the actor with which Marionette serves its own commands.
const windows = () => [...Services.wm.getEnumerator("navigator:browser")].filter((w) => !w.closed && w.gBrowser);
const popups = () => windows().flatMap((w) => [...w.document.querySelectorAll("browser.webextension-popup-browser")]);
const browsers = () => [...windows().flatMap((w) => [...w.gBrowser.browsers]), ...popups()];
const browserOf = (id) => browsers().find((b) => b.browserId === id);
const contextOf = (id) => {
  const context = browserOf(id)?.browsingContext;
  if (!context?.currentWindowGlobal) throw new Error("gone");
  return context;
};
const actorOf = (id) => contextOf(id).currentWindowGlobal.getActor("MarionetteCommands");
const system = () => ({ triggeringPrincipal: Services.scriptSecurityManager.getSystemPrincipal() });
const capabilities = { toJSON: () => ({ "moz:webdriverClick": true, "moz:accessibilityChecks": false, strictFileInteractability: false }) };
const STAYS = 300; // milliseconds
const wait = (millis) => new Promise((resolve) => window.setTimeout(resolve, millis));
const extensionOf = (id) => WebExtensionPolicy.getByID(id);

/** Scripts run in a sandbox before the window; eval there is not under the page's policy. */
const RUN = `const globalThis = window; return Promise.resolve(eval(arguments[0])).then((v) => JSON.stringify(v) ?? "null")`;

/** A label that lies over its field is what a person hits. */
const HIT = `shown?.scrollIntoView({ block: "nearest" });
  const { left, top, width, height } = shown?.getBoundingClientRect() ?? {};
  const label = shown && document.elementFromPoint(left + width / 2, top + height / 2)?.closest("label");
  return label?.control === shown ? label : shown;`;

/** The element that a person would mean: the first that shows and is enabled. */
const SHOWN = `const shown = [...document.querySelectorAll(arguments[0])].find((e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0 && !e.matches(":disabled, [aria-disabled=true]"));`;

const commands = {
  first: () => windows()[0].gBrowser.selectedBrowser.browserId,

  open: () => {
    const { gBrowser } = windows().find((w) => w.toolbar.visible) ?? windows()[0];
    const tab = gBrowser.addTab("about:blank", system());
    gBrowser.selectedTab = tab;
    return tab.linkedBrowser.browserId;
  },

  select: (id) => {
    const browser = browserOf(id);
    const { gBrowser } = browser.ownerDocument.defaultView;
    gBrowser.selectedTab = gBrowser.getTabForBrowser(browser);
    browser.ownerDocument.defaultView.focus();
    browser.focus();
  },

  close: (id) => {
    const browser = browserOf(id);
    const tabs = browser?.ownerDocument.defaultView.gBrowser;
    if (browser) tabs.removeTab(tabs.getTabForBrowser(browser), { animate: false });
  },

  find: (prefix) => browsers().find((b) => b.currentURI.spec.startsWith(prefix) && b.browsingContext?.currentWindowGlobal?.documentURI?.spec.startsWith(prefix))?.browserId ?? 0,

  list: () => browsers().map((b) => b.currentURI.spec),

  /** The addresses of every document in every tab and window, frames too. */
  documents: () => browsers().flatMap((b) => (b.browsingContext?.getAllBrowsingContextsInSubtree() ?? []).map((c) => c.currentWindowGlobal?.documentURI?.spec ?? "")),

  /** The process ids of those of a web page's documents. */
  processes: (id) => contextOf(id).getAllBrowsingContextsInSubtree().filter((c) => c.currentWindowGlobal?.documentURI?.scheme.startsWith("http")).map((c) => c.currentWindowGlobal.osPid),

  there: (id) => Boolean(browserOf(id)),

  url: (id) => browserOf(id).currentURI.spec,

  /** Ends when the new document has loaded. A change of the fragment loads nothing. */
  go: async (id, url, reload, patience) => {
    const browser = browserOf(id);
    const before = browser.browsingContext.currentWindowGlobal?.innerWindowId;
    const fragment = !reload && url.includes("#") && browser.currentURI.spec.split("#")[0] === url.split("#")[0];
    if (reload) browser.reload();
    else browser.fixupAndLoadURIString(url, system());
    for (const end = Date.now() + patience; Date.now() < end; await wait(15)) {
      const now = browser.browsingContext?.currentWindowGlobal;
      if (fragment || !now || now.innerWindowId === before || now.documentURI?.spec === "about:blank" && url !== "about:blank") {
        if (fragment) return;
        continue;
      }
      const state = await actorOf(id).executeScript("return document.readyState", [], {}).catch(() => "");
      if (state === "complete") return;
    }
    throw new Error("timeout");
  },

  run: (id, script, patience) =>
    actorOf(id).executeScript(RUN, [script], { timeout: patience }),

  click: async (id, selector) => {
    const actor = actorOf(id);
    const element = await actor.executeScript(SHOWN + HIT, [selector], {});
    if (!element) return false;
    await actor.clickElement(element, capabilities);
    return true;
  },

  shows: (id, selector) => actorOf(id).executeScript(SHOWN.replace(/ && !e.matches\(.*?\)/, "") + "return Boolean(shown)", [selector], {}),

  type: async (id, selector, text) => {
    const actor = actorOf(id);
    const element = await actor.executeScript("return arguments[0] ? document.querySelector(arguments[0]) : document.activeElement", [selector], {});
    if (!element) throw new Error("no such element");
    await actor.sendKeysToElement(element, text, capabilities);
  },

  /** A PNG in base64, of the whole page or of what the window shows. */
  picture: async (id, whole) => {
    const context = contextOf(id);
    const [width, height, x, y] = JSON.parse(await actorOf(id).executeScript(
      `const e = document.scrollingElement; return JSON.stringify(arguments[0] ? [e.scrollWidth, e.scrollHeight, 0, 0] : [innerWidth, innerHeight, scrollX, scrollY])`, [whole], {}));
    const bitmap = await context.currentWindowGlobal.drawSnapshot(new DOMRect(x, y, width, height), 1, "white");
    const canvas = document.createElementNS("http://www.w3.org/1999/xhtml", "canvas");
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
    return canvas.toDataURL("image/png").split(",")[1];
  },

  /** As a click on the toolbar's button: the popup belongs to the tab, and activeTab is granted. */
  popup: async (id, over, patience) => {
    commands.select(over);
    const { extension } = extensionOf(id);
    const { defaultView } = browserOf(over).ownerDocument;
    const { ExtensionParent } = ChromeUtils.importESModule("resource://gre/modules/ExtensionParent.sys.mjs");
    const action = ExtensionParent.apiManager.global.browserActionFor(extension);
    action.openPopup(defaultView, false);
    // A window that has just opened may still take the focus, which closes the
    // popup: a person clicks again. It counts when it stayed for a moment.
    let seen = 0;
    let since = Date.now();
    for (const end = since + patience; Date.now() < end; await wait(15)) {
      const browser = popups().find((b) => b.currentURI.spec.startsWith(extension.baseURL ?? "moz-extension:"));
      const shown = browser?.browserId ?? 0;
      if (shown !== seen) {
        if (shown === 0) action.openPopup(defaultView, false);
        seen = shown;
        since = Date.now();
      }
      if (shown === 0 || Date.now() - since < STAYS) continue;
      const state = await actorOf(shown).executeScript("return document.readyState", [], {}).catch(() => "");
      if (state === "complete") return shown;
    }
    throw new Error("no popup");
  },

  installed: async (id) => {
    const { AddonManager } = ChromeUtils.importESModule("resource://gre/modules/AddonManager.sys.mjs");
    return Boolean(await AddonManager.getAddonByID(id));
  },

  /** The host name of an extension's pages, once it has started. After a restart its background waits for work. */
  started: async (id, patience) => {
    for (const end = Date.now() + patience; Date.now() < end; await wait(15)) {
      if (["running", "stopped"].includes(extensionOf(id)?.extension?.backgroundState)) return extensionOf(id).mozExtensionHostname;
    }
    throw new Error("the extension does not start: " + extensionOf(id)?.extension?.backgroundState);
  },

  /** Ends the background script as Firefox does after half a minute without work: not while there is any. */
  end: async (id, patience) => {
    const { extension } = extensionOf(id);
    for (const end = Date.now() + patience; Date.now() < end; await wait(50)) {
      if (extension.backgroundState === "stopped") return;
      await extension.terminateBackground();
    }
    throw new Error("the background script is " + extension.backgroundState);
  },

  prefer: (name, value) => Services.prefs.setBoolPref(name, value),

  /** Answers every file dialog from now on with these files, in place of the system's. */
  choose: (paths) => {
    const files = () => paths.map((path) => {
      const file = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
      file.initWithPath(path);
      return file;
    });
    const picker = {
      QueryInterface: ChromeUtils.generateQI(["nsIFilePicker"]),
      init() {}, appendFilters() {}, appendFilter() {}, appendRawFilter() {},
      open: (callback) => Services.tm.dispatchToMainThread(() => callback.done(paths.length > 0 ? Ci.nsIFilePicker.returnOK : Ci.nsIFilePicker.returnCancel)),
      get file() { return files()[0]; },
      get files() {
        const left = files();
        return { QueryInterface: ChromeUtils.generateQI(["nsISimpleEnumerator"]), hasMoreElements: () => left.length > 0, getNext: () => left.shift() };
      },
    };
    const registrar = Components.manager.QueryInterface(Ci.nsIComponentRegistrar);
    const factory = { QueryInterface: ChromeUtils.generateQI(["nsIFactory"]), createInstance: (iid) => picker.QueryInterface(iid) };
    registrar.registerFactory(Services.uuid.generateUUID(), "", "@mozilla.org/filepicker;1", factory);
  },

  /** What the permission prompt says, once it is there, and its answer by a click. */
  answer: async (yes, patience) => {
    for (const end = Date.now() + patience; Date.now() < end; await wait(50)) {
      for (const w of windows()) {
        const prompt = w.document.querySelector("#addon-webext-permissions-notification");
        if (!prompt || w.PopupNotifications.panel.state !== "open") continue;
        const words = prompt.textContent + prompt.getAttribute("label");
        await wait(1000); // the prompt's own delay against clicks that were meant for something else
        (yes ? prompt.button : prompt.secondaryButton).click();
        return words;
      }
    }
    throw new Error("no prompt");
  },
};
