// Takes from a worker that sees opened plis every way to ask the network for
// anything: nothing there is to leave this computer. Documents have the same
// from their Content-Security-Policy, which workers do not inherit.
(() => {
  "use strict";
  const WAYS = ["fetch", "fetchLater", "XMLHttpRequest", "WebSocket", "WebSocketStream", "WebTransport", "EventSource", "caches", "CacheStorage", "Cache", "importScripts"];
  for (let holder = globalThis; holder; holder = Object.getPrototypeOf(holder)) for (const way of WAYS) delete holder[way];
})();
