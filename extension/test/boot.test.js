import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { closeChannels, load, run, settle } from "./fakes.js";

// A module that starts well and traps when it is called back: "mem", and the
// functions "run" (i32 i32 ->) with no instruction and "resume" (->) unreachable.
const MODULE = new WebAssembly.Module(Buffer.from("0061736d01000000" + "01090260027f7f00600000" + "0303020001" + "0503010001" +
  "071603036d656d02000372756e0000" + "06726573756d650001" + "0a080202000b0300000b", "hex"));
const GO = fileURLToPath(new URL("../../scripts/setup/go.sh", import.meta.url));
const WASM_EXEC = pathToFileURL(`${execFileSync("sh", [GO, "env", "GOROOT"], { encoding: "utf8" }).trim()}/lib/wasm/wasm_exec.js`).href;

/** A world for scripts that run MODULE with Go's own loader; callBack() enters it as a promise or an event does. */
const worldOf = (globals) => {
  const instance = new WebAssembly.Instance(MODULE);
  const { Instance, Module } = WebAssembly;
  const world = load({
    performance, TextDecoder, fetch() {}, ...globals,
    WebAssembly: { Instance, Module, instantiateStreaming: async () => ({ instance }), compileStreaming: async () => MODULE, instantiate: async () => instance },
  });
  run(world, WASM_EXEC);
  const { Go } = world;
  world.Go = class extends Go {
    constructor() {
      super();
      world.callBack = this._makeFuncWrapper(1);
    }
  };
  return world;
};
const trap = { name: "RuntimeError" };
test.after(closeChannels);

test("a module that stops in a callback leaves the static text, not a screen that never answers", async () => {
  const painted = ["header", "text"];
  const app = { childNodes: painted, replaceChildren: (...nodes) => (app.childNodes = nodes) };
  const root = { dataset: { role: "popup" } };
  const world = worldOf({
    document: { documentElement: root, getElementById: () => app },
    chrome: { storage: { local: { get: async () => ({}) } } }, ScelleManaged: { read: async () => ({}) },
  });
  run(world, "app/boot.js");
  await settle();
  assert.equal(root.dataset.boot, "running");
  app.replaceChildren("screen");
  assert.throws(world.callBack, trap);
  assert.deepEqual([root.dataset.boot, app.childNodes], ["failed", painted]);
});

test("whoever waits for a crypto worker hears that it stopped in a callback", async () => {
  const heard = [];
  const port = new MessageChannel().port1;
  port.postMessage = (message) => heard.push(message.kind);
  const world = worldOf({ importScripts() {}, reportError: (error) => heard.push(error.name), close: () => heard.push("close"), Worker: class {} });
  world.self = world;
  run(world, "app/crypto-worker.js");
  world.onmessage({ data: { port } });
  await settle();
  assert.deepEqual(heard, []);
  assert.throws(world.callBack, trap);
  port.close();
  assert.deepEqual(heard, ["failed", "RuntimeError", "close"]);
});
