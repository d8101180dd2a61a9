// Hooks on everything that a page can reach, set before any other script runs.
// What passes through them is kept, and saw looks for a word in it.
(() => {
  const kept = new Set();
  const size = { left: 64 << 20 };
  const primordial = {
    apply: Reflect.apply, construct: Reflect.construct, stringify: JSON.stringify, decode: TextDecoder.prototype.decode, add: Set.prototype.add,
    slice: String.prototype.slice, includes: String.prototype.includes, isView: ArrayBuffer.isView, define: Object.defineProperty, keys: Object.getOwnPropertyNames,
    descriptor: Object.getOwnPropertyDescriptor, decoder: new TextDecoder("latin1"), Buffer: ArrayBuffer, text: Blob.prototype.text, then: Promise.prototype.then,
  };
  const { apply } = primordial;

  const keep = (text) => {
    if (text.length < 6 || size.left < 0) return;
    size.left -= text.length;
    apply(primordial.add, kept, [apply(primordial.slice, text, [0, 1 << 20])]);
  };

  let busy = false; // looking at a value must not look at itself
  const look = (value) => {
    if (busy) return;
    busy = true;
    try {
      if (typeof value === "string") keep(value);
      else if (value instanceof primordial.Buffer || primordial.isView(value)) keep(apply(primordial.decode, primordial.decoder, [value]));
      else if (value instanceof Blob) apply(primordial.then, apply(primordial.text, value, []), [keep, () => {}]);
      else if (typeof value === "object" && value !== null) keep(primordial.stringify(value) ?? "");
    } catch {
      // It cannot be looked at.
    } finally {
      busy = false;
    }
  };

  let hooked = 0;
  const wrap = (holder, name) => {
    const d = primordial.descriptor(holder, name);
    if (!d?.configurable) return;
    if (typeof d.value === "function" && name !== "constructor") {
      const real = d.value;
      const wrapper = function (...args) {
        for (let i = 0; i < args.length && i < 4; i++) look(args[i]);
        look(this);
        const result = new.target ? primordial.construct(real, args, new.target === wrapper ? real : new.target) : apply(real, this, args);
        if (result instanceof Promise) apply(primordial.then, result, [look, () => {}]);
        else look(result);
        return result;
      };
      wrapper.prototype = real.prototype;
      primordial.define(holder, name, { ...d, value: wrapper });
      hooked++;
    } else if (d.get || d.set) {
      const get = d.get && function () {
        const value = apply(d.get, this, []);
        look(value);
        return value;
      };
      const set = d.set && function (value) {
        look(value);
        apply(d.set, this, [value]);
      };
      primordial.define(holder, name, { ...d, ...(get && { get }), ...(set && { set }) });
      hooked++;
    }
  };

  // Interfaces whose hooks would only see this file at work.
  const LEAVE = new Set(["Object", "Function", "Reflect", "Proxy", "Symbol", "Set", "Map", "WeakMap", "WeakSet", "Error", "RegExp", "Iterator", "WeakRef", "FinalizationRegistry",
    "MutationObserver", "MutationRecord", "Node", "Element", "HTMLElement", "HTMLHtmlElement", "Document", "HTMLDocument", "DOMStringMap", "Date", "Math", "Number"]);
  const globals = primordial.keys(globalThis).filter((n) => /^[A-Z]/.test(n) && !LEAVE.has(n));
  for (const name of globals) {
    let value;
    try {
      value = globalThis[name];
    } catch {
      continue;
    }
    if (typeof value !== "function") continue;
    const own = value.prototype ? primordial.keys(value.prototype) : [];
    for (const n of own) if (n !== "length") wrap(value.prototype, n);
  }
  for (const [holder, names] of [
    [JSON, ["parse", "stringify"]],
    [globalThis, ["postMessage", "fetch", "structuredClone", "atob", "btoa", "setTimeout", "queueMicrotask", "addEventListener", "MessageChannel", "Worker", "BroadcastChannel", "File", "Blob", "Uint8Array"]],
    [Element.prototype, ["attachShadow", "append", "setAttribute"]],
    [Object, ["assign", "freeze", "entries", "fromEntries"]],
    [URL, ["createObjectURL"]],
    [WebAssembly, ["instantiate", "instantiateStreaming", "compile"]],
  ]) for (const name of names) wrap(holder, name);

  // What an object that lacks a property finds on its prototype.
  for (const name of ["nonce", "session", "contentKey", "password", "pin", "key", "document", "documentId", "request", "host", "port", "dynamic", "thumbprint", "privateKey", "toJSON"]) {
    primordial.define(Object.prototype, name, {
      configurable: true,
      get: () => undefined,
      set(value) {
        look(value);
        primordial.define(this, name, { value, writable: true, configurable: true, enumerable: true });
      },
    });
  }
  Object.prototype.polluted = "polluted";
  Array.prototype.polluted = "polluted";

  window.addEventListener("message", (event) => look(event.data), true);
  /** Whether a text went through; it is given backwards, so that the question is no sighting. */
  const saw = (backwards) => {
    busy = true;
    let text = "";
    for (let i = backwards.length - 1; i >= 0; i--) text += backwards[i];
    let found = false;
    for (const k of kept) found ||= apply(primordial.includes, k, [text]);
    busy = false;
    return found;
  };
  globalThis.hooks = { saw, count: () => hooked, kept: () => kept.size };
})();
