// Takes SHA-256 sums beside the crypto worker, on another core. Go sends the
// WebAssembly module that it wrote for this, and then pieces of messages:
//
//   {module, input, room}       the first message: bytes, where lane 0's blocks
//                               go, and how far apart the lanes are
//   {pieces}                    each is {parts, buffers, size, cost, back}: bytes
//                               in array buffers that move here, size in each
//                               but the last, the next of each message of parts,
//                               which are [id, offset, length]; when some were
//                               used, {free, buffers} says what they cost
//                               together and gives those buffers back that are
//                               wanted
//   {id, end}                   the message id has end bytes and is complete;
//                               answered by {id, state}
//
// Four messages go through the module at once when four are there.
(() => {
  "use strict";
  importScripts("seclude.js");

  const LANES = 4;
  const BLOCK = 64;
  // FIPS 180-4 5.3.3.
  const INITIAL = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
  // When pieces of this cost wait they go through, however few messages they are
  // of. It is below what Go sends without an answer, or both would wait; and well
  // above one piece, since one message alone takes as long as four.
  const ENOUGH = 12;

  /**
   * @typedef {{left: number, cost: number, buffers: ArrayBuffer[], back: boolean}} Piece
   * @typedef {{state: Uint32Array, rest: Uint8Array, queue: {bytes: Uint8Array, piece: Piece | null}[], size: number, came: number}} Message
   */
  /** @type {any} */
  let exports = null;
  let input = 0;
  let room = 0;
  /** @type {Map<number, Message>} messages, with what is theirs and not compressed: rest, then queue, size bytes in all */
  const messages = new Map();
  let waiting = 0; // cost of the pieces that were not used
  let free = 0; // cost of those that were used since this was last said
  /** @type {ArrayBuffer[]} */
  let returned = []; // buffers of these
  // That much is said at once: each time costs more than a few blocks. With
  // ENOUGH, and with what Go sends together, it is not above what Go may send.
  const WORTH = 5;

  // Moving a buffer to a closed port frees its memory at once.
  const { port1: nowhere, port2: closed } = new MessageChannel();
  closed.close();

  const messageOf = (id) => {
    let m = messages.get(id);
    if (!m) messages.set(id, (m = { state: Uint32Array.from(INITIAL), rest: new Uint8Array(0), queue: [], size: 0, came: 0 }));
    return m;
  };

  /** @param {Piece | null} piece */
  const used = (piece) => {
    if (!piece || --piece.left > 0) return;
    waiting -= piece.cost;
    free += piece.cost;
    if (piece.back) returned.push(...piece.buffers);
    else nowhere.postMessage(null, piece.buffers);
  };

  /** Says what was used. */
  const tell = () => {
    if (free === 0 || (free < WORTH && waiting > 0)) return;
    globalThis.postMessage({ free, buffers: returned }, { transfer: returned });
    free = 0;
    returned = [];
  };

  /** Takes the next bytes of a message, which has as many, to memory. */
  const take = (m, memory, n) => {
    memory.set(m.rest);
    let at = m.rest.length;
    m.rest = new Uint8Array(0);
    while (at < n) {
      const [head] = m.queue;
      const part = head.bytes.subarray(0, n - at);
      memory.set(part, at);
      at += part.length;
      head.bytes = head.bytes.subarray(part.length);
      if (head.bytes.length > 0) continue;
      m.queue.shift();
      used(head.piece);
    }
    m.size -= n;
  };

  /** Keeps less than a block apart, so that its piece can go. */
  const tidy = (m) => {
    if (m.size >= BLOCK || m.queue.length === 0) return;
    const rest = new Uint8Array(m.size);
    take(m, rest, m.size);
    m.size = rest.length;
    m.rest = rest;
  };

  /** Puts the next blocks of up to four messages through the module. */
  const step = (chosen) => {
    const memory = new Uint8Array(exports.m.buffer);
    const states = new Uint32Array(exports.m.buffer, 0, 8 * LANES);
    const most = Math.min(room, ...chosen.map(({ size }) => size));
    const n = most - (most % BLOCK);
    chosen.forEach((m, lane) => {
      take(m, memory.subarray(input + lane * room, input + (lane + 1) * room), n);
      for (let i = 0; i < 8; i++) states[LANES * i + lane] = m.state[i];
    });
    exports.f(input, n / BLOCK);
    chosen.forEach((m, lane) => {
      for (let i = 0; i < 8; i++) m.state[i] = states[LANES * i + lane];
      tidy(m);
    });
  };

  const busy = () => [...messages.values()].filter(({ size }) => size >= BLOCK).sort((a, b) => b.size - a.size);

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
    if (m.came !== end) throw new Error(`${m.came} bytes came of ${end}`); // the sum of what is not all is no sum
    const through = () => {
      while (m.size >= BLOCK) step([m, ...busy().filter((other) => other !== m)].slice(0, LANES));
    };
    through();
    const padding = new Uint8Array((m.size < BLOCK - 8 ? BLOCK : 2 * BLOCK) - m.size);
    padding[0] = 0x80;
    const length = new DataView(padding.buffer, padding.length - 8);
    length.setUint32(0, Math.floor(end / 2 ** 29));
    length.setUint32(4, (end * 8) % 2 ** 32);
    m.queue.push({ bytes: padding, piece: null });
    m.size += padding.length;
    through();
    messages.delete(id);
    globalThis.postMessage({ id, state: m.state });
  };

  /** Queues what came, buffer by buffer. */
  const add = ({ parts, buffers, size, cost, back }) => {
    const piece = { left: 0, cost, buffers, back };
    waiting += cost;
    for (const [id, offset, length] of parts) {
      const m = messageOf(id);
      for (let at = offset, end = offset + length; at < end; ) {
        const start = at % size;
        const bytes = new Uint8Array(buffers[Math.floor(at / size)], start, Math.min(end - at, size - start));
        m.queue.push({ bytes, piece });
        m.size += bytes.length;
        m.came += bytes.length;
        at += bytes.length;
        piece.left++;
      }
    }
    for (const [id] of parts) tidy(messageOf(id));
  };

  globalThis.onmessage = ({ data }) => {
    if (data.module) {
      exports = new WebAssembly.Instance(new WebAssembly.Module(data.module)).exports;
      ({ input, room } = data);
      globalThis.postMessage({ ready: true });
    } else if (data.pieces) {
      data.pieces.forEach(add);
      work();
    } else {
      finish(data.id, data.end);
    }
    tell();
  };
})();
