// Begins to load a document's module, <html data-module>, before the other
// scripts and the style sheet are there: it is what a window waits for longest.
// boot.js takes it from globalThis.scelleModule.
(() => {
  "use strict";
  const { module = "" } = document.documentElement.dataset;
  globalThis.scelleModule = WebAssembly.compileStreaming(fetch(module));
})();
