// How chunks.js reads a file.
import assert from "node:assert/strict";
import test from "node:test";
import { setFlagsFromString } from "node:v8";
import vm from "node:vm";
import { load } from "./fakes.js";

setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc");

/** A file whose bytes never come. */
const stalled = () => {
  const reader = { read: () => new Promise(() => {}), cancel: async () => {} };
  return { held: new WeakRef(reader), blob: { size: 100, stream: () => ({ getReader: () => reader }) } };
};

// What was looked at through a WeakRef stays until the task ends.
const gone = async (held) => {
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => setTimeout(resolve));
    collect();
    if (held.deref() === undefined) return true;
  }
  return false;
};

test("a stream that somebody waits for is held until it is stopped", async () => {
  const { read } = load({}, "app/chunks.js").scelleChunks;
  const begin = () => {
    const { held, blob } = stalled();
    const { take, stop } = read(blob, 10, 4);
    take();
    return { held, stop };
  };
  const abandoned = begin().held;
  const stopped = begin();
  const { held } = stopped;
  await stopped.stop();
  delete stopped.stop;
  assert.equal(await gone(held), true);
  assert.equal(await gone(abandoned), false);
});
