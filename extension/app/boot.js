// Starts the module of a document of the extension, <html data-module>, which the
// document preloads: reading it begins before this script is there, compiling it
// leaves the first paint alone. data-role says which of the module's windows the
// document is. When the module cannot start, or stops, data-boot="failed" lets
// the style sheet show the static text.
(() => {
  "use strict";
  const root = document.documentElement;
  globalThis.scelleRole = root.dataset.role;

  const app = /** @type {HTMLElement} */ (document.getElementById("app"));
  const painted = [...app.childNodes]; // with the static text, which the module's screen replaces

  const fail = (error) => {
    if (root.dataset.boot === "failed") return; // the text stays as it is, to be read and copied
    console.error("Scellé:", error);
    app.replaceChildren(...painted);
    root.dataset.boot = "failed";
  };

  const go = new Go();
  // What stops the module in a callback, such as memory that ran out, ends
  // neither run nor a promise that anybody waits for.
  const resume = go._resume;
  go._resume = () => {
    if (root.dataset.boot === "failed") return; // what stopped would draw over the text
    try {
      resume.call(go);
    } catch (error) {
      fail(error);
      throw error;
    }
  };
  root.dataset.boot = "loading";
  const api = globalThis.browser ?? globalThis.chrome;
  const { module = "" } = root.dataset;
  /** The person's choice on the options page. */
  const language = async () => /** @type {any} */ (await api.storage.local.get("language")).language;
  Promise.all([WebAssembly.instantiateStreaming(fetch(module), go.importObject), globalThis.ScelleManaged.read(), language()])
    .then(([{ instance }, managed, chosen]) => {
      globalThis.scelleManaged = managed;
      globalThis.scelleLanguage = chosen;
      root.dataset.boot = "running";
      return go.run(instance);
    })
    // A running module never ends by itself while its document lives.
    .then(() => fail("ended"), fail);
})();
