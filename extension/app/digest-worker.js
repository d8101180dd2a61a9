// Takes SHA-256 sums beside the crypto worker, on another core. Go sends the
// WebAssembly module that it wrote for this, and then whole blocks:
//
//   {module, input, room}      the first message: bytes, where lane 0's blocks
//                              go, and how far apart the lanes are
//   {id, blocks, bytes}        bytes of the message id; the buffer moves here
//                              and goes back as {free} when it was used
//   {id, end}                  its last blocks; answered by {id, state}
//
// Four messages go through the module at once when four are there.
(() => {
  "use strict";
  const LANES = 4;
  const BLOCK = 64;
  // FIPS 180-4 5.3.3.
  const INITIAL = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
  // With this many pieces waiting, they go through however few messages they are of.
  const ENOUGH = 6;

  /** @type {any} */
  let exports = null;
  let input = 0;
  let room = 0;
  /** @type {Map<number, {state: Uint32Array, queue: {bytes: Uint8Array, at: number, free: boolean}[]}>} */
  const messages = new Map();
  let waiting = 0;

  const messageOf = (id) => {
    let m = messages.get(id);
    if (!m) messages.set(id, (m = { state: Uint32Array.from(INITIAL), queue: [] }));
    return m;
  };

  /** Puts the next blocks of up to four messages through the module. */
  const step = (chosen) => {
    const memory = new Uint8Array(exports.m.buffer);
    const states = new Uint32Array(exports.m.buffer, 0, 8 * LANES);
    const n = Math.min(...chosen.map(({ queue: [head] }) => head.bytes.length - head.at));
    chosen.forEach(({ state, queue: [head] }, lane) => {
      memory.set(head.bytes.subarray(head.at, head.at + n), input + lane * room);
      for (let i = 0; i < 8; i++) states[LANES * i + lane] = state[i];
    });
    exports.f(input, n / BLOCK);
    chosen.forEach(({ state, queue }, lane) => {
      for (let i = 0; i < 8; i++) state[i] = states[LANES * i + lane];
      const [head] = queue;
      head.at += n;
      if (head.at < head.bytes.length) return;
      queue.shift();
      waiting--;
      if (head.free) globalThis.postMessage({ free: head.bytes.buffer }, { transfer: [head.bytes.buffer] });
    });
  };

  const busy = () => [...messages.values()].filter(({ queue }) => queue.length > 0).sort((a, b) => b.queue.length - a.queue.length);

  const work = () => {
    for (;;) {
      const ready = busy();
      if (ready.length === 0 || (ready.length < LANES - 1 && waiting < ENOUGH)) return;
      step(ready.slice(0, LANES));
    }
  };

  /** Ends a message; others go along as far as they have come. */
  const finish = (id, end) => {
    const m = messageOf(id);
    m.queue.push({ bytes: end, at: 0, free: false });
    waiting++;
    while (m.queue.length > 0) step([m, ...busy().filter((other) => other !== m)].slice(0, LANES));
    messages.delete(id);
    globalThis.postMessage({ id, state: m.state });
  };

  globalThis.onmessage = ({ data }) => {
    if (data.module) {
      exports = new WebAssembly.Instance(new WebAssembly.Module(data.module)).exports;
      ({ input, room } = data);
      globalThis.postMessage({ ready: true });
    } else if (data.end) {
      finish(data.id, data.end);
    } else {
      messageOf(data.id).queue.push({ bytes: new Uint8Array(data.bytes, 0, data.blocks * BLOCK), at: 0, free: true });
      waiting++;
      work();
    }
  };
})();
