// Many chunks of bytes at once, for Go in a Worker: a call out of WebAssembly
// costs as much as encrypting 100 KB, so what is done to each of them is here.
//
// globalThis.scelleChunks has seal, open and wrap, which give or promise a
// Chunks object, and read, which reads a file. Which keys, IVs and counters
// there are is decided in Go.
(() => {
  "use strict";
  const BLOCK = 16;

  // Moving a buffer to a closed port frees its memory at once.
  const { port1: nowhere, port2: closed } = new MessageChannel();
  closed.close();

  /** Length bytes in buffers of size bytes each, of which only the last has fewer; a buffer may go on behind them. */
  class Chunks {
    constructor(buffers, size, length) {
      this.buffers = buffers;
      this.size = size;
      this.length = length;
    }

    /** Calls use(bytes, at) for the pieces of n bytes from an offset on, until it gives false. */
    each(from, n, use) {
      for (let at = 0; at < n; ) {
        const start = (from + at) % this.size;
        const piece = new Uint8Array(this.buffers[Math.floor((from + at) / this.size)], start, Math.min(n - at, this.size - start));
        if (use(piece, at) === false) return;
        at += piece.length;
      }
    }

    /** Copies n bytes from an offset on to the start of a Uint8Array. */
    copy(from, n, target) {
      this.each(from, n, (piece, at) => target.set(piece, at));
    }

    /** Writes n bytes from an offset on to a file; the number that it took. */
    write(access, from, n, position) {
      let written = 0;
      this.each(from, n, (piece, at) => {
        const took = access.write(piece, { at: position + at });
        written += took;
        return took === piece.length;
      });
      return written;
    }

    /** Moves the buffers to a Worker, with what it wants to know. */
    post(worker, message) {
      worker.postMessage({ ...message, buffers: this.buffers, size: this.size }, this.buffers);
    }

    drop() {
      nowhere.postMessage(null, this.buffers);
    }
  }

  const pieces = (data, size) => Array.from({ length: Math.ceil(data.length / size) }, (_, i) => data.subarray(i * size, (i + 1) * size));
  const part = (bytes, i) => bytes.subarray(BLOCK * i, BLOCK * (i + 1));

  /**
   * AES-GCM of each piece of data under an IV of its own. ends has three blocks
   * for each: the last of its plaintext and of its ciphertext, where it is as
   * long, and the tag. data may change as soon as this returns.
   */
  const seal = async (key, ivs, data, size) => {
    const { length } = data; // which is 0 when data has moved
    const all = pieces(data, size);
    const ends = new Uint8Array(3 * BLOCK * all.length);
    all.forEach((piece, i) => ends.set(piece.subarray(-BLOCK), 3 * BLOCK * i));
    const calls = all.map((piece, i) => crypto.subtle.encrypt({ name: "AES-GCM", iv: part(ivs, i), tagLength: 128 }, key, piece));
    const buffers = await Promise.all(calls);
    buffers.forEach((buffer, i) => {
      const tail = new Uint8Array(buffer).subarray(-2 * BLOCK);
      ends.set(tail, 3 * BLOCK * (i + 1) - tail.length);
    });
    return { chunks: new Chunks(buffers, size, length), ends };
  };

  /**
   * AES-CTR of each piece of data from a counter of its own on; ends has the
   * tag of each as additional data of an empty AES-GCM message under iv.
   */
  const open = async (ctr, mac, iv, counters, data, size) => {
    const { length } = data;
    const nothing = new Uint8Array(0);
    const all = pieces(data, size);
    const plain = all.map((piece, i) => crypto.subtle.encrypt({ name: "AES-CTR", counter: part(counters, i), length: 32 }, ctr, piece));
    const tags = all.map((piece) => crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: piece, tagLength: 128 }, mac, nothing));
    const [buffers, macs] = await Promise.all([Promise.all(plain), Promise.all(tags)]);
    const ends = new Uint8Array(BLOCK * all.length);
    macs.forEach((tag, i) => ends.set(new Uint8Array(tag), BLOCK * i));
    return { chunks: new Chunks(buffers, size, length), ends };
  };

  const wrap = (buffer) => new Chunks([buffer], buffer.byteLength, buffer.byteLength);

  /**
   * Reads a Blob from its start, by one stream: more than twice as fast as a
   * slice after the other. next(n) promises an ArrayBuffer of the next n bytes,
   * also while others are awaited, and fails where there are fewer; stop()
   * gives the stream up. Throws where a browser cannot fill memory of ours.
   */
  const read = (blob) => {
    const reader = blob.stream().getReader({ mode: "byob" });
    const fill = async (n) => {
      let buffer = new ArrayBuffer(n);
      for (let at = 0; at < n; ) {
        const { value, done } = await reader.read(new Uint8Array(buffer, at), { min: n - at });
        if (done || !value) throw new Error(`the stream ended ${n - at} bytes early`);
        ({ buffer } = value); // the same memory, under another name
        at += value.byteLength;
      }
      return buffer;
    };
    /** @type {Promise<any>} */
    let last = Promise.resolve();
    const next = (n) => (last = last.then(() => fill(n)));
    return { next, stop: () => reader.cancel().catch(() => {}) };
  };

  globalThis.scelleChunks = Object.freeze({ seal, open, wrap, read });
})();
