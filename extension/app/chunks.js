// Many chunks of bytes at once, for Go in a Worker: a call out of WebAssembly
// costs as much as encrypting 100 KB, so what is done to each of them is here.
//
// globalThis.scelleChunks has seal, open and wrap, which give or promise a
// Chunks object, read, which reads a file, give, which takes back memory that
// it filled, and run, which does all that a file needs with some pieces of it.
// Which keys, IVs and counters there are is decided in Go.
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

    /** The bytes as digest-worker.js wants them, with what else it wants to know. */
    piece(more) {
      return { ...more, buffers: this.buffers, size: this.size };
    }

    /** Moves the buffers to that Worker. */
    post(worker, more) {
      worker.postMessage({ pieces: [this.piece(more)] }, this.buffers);
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

  // Buffers that were read to and may be again: memory that was used lately costs
  // a third of what fresh memory does. They are dropped when nothing is read.
  /** @type {ArrayBuffer[]} */
  const spare = [];
  const SPARE = 8;

  // The streams that were not stopped. Who waits for one, Go too, may be held by
  // nothing but that stream, and the collector would take both.
  const reading = new Set();

  const lent = (n) => {
    const i = spare.findIndex(({ byteLength }) => byteLength === n);
    return i < 0 ? new ArrayBuffer(n) : spare.splice(i, 1)[0];
  };

  /** Takes a buffer back for bytes that come. */
  const give = (buffer) => {
    if (reading.size > 0 && spare.length < SPARE) spare.push(buffer);
    else nowhere.postMessage(null, [buffer]);
  };

  // Workers that give buffers back.
  const known = new WeakSet();
  const know = (worker) => {
    if (known.has(worker)) return;
    known.add(worker);
    worker.addEventListener("message", ({ data }) => data.buffers?.forEach(give));
  };

  /**
   * Reads a Blob from its start, by one stream: more than twice as fast as a
   * slice after the other. take() promises an ArrayBuffer of the next size bytes
   * (the last one has fewer) and fails where the stream ends before; depth of
   * these are under way. stop() gives the stream up. Throws where a browser cannot
   * fill memory of ours.
   */
  const read = (blob, size, depth) => {
    const reader = blob.stream().getReader({ mode: "byob" });
    const fill = async (n) => {
      let buffer = lent(n);
      for (let at = 0; at < n; ) {
        const { value, done } = await reader.read(new Uint8Array(buffer, at), { min: n - at });
        if (done || !value) throw new Error(`the stream ended ${n - at} bytes early`);
        ({ buffer } = value); // the same memory, under another name
        at += value.byteLength;
      }
      return buffer;
    };
    let left = blob.size;
    /** @type {Promise<any>} */
    let last = Promise.resolve();
    const ahead = [];
    const ask = () => {
      const n = Math.min(size, left);
      if (n === 0) return;
      left -= n;
      ahead.push((last = last.then(() => fill(n))));
      last.catch(() => {}); // take() tells of it
    };
    for (let i = 0; i < depth; i++) ask();
    const take = async () => {
      if (ahead.length === 0) throw new Error("nothing is left");
      const buffer = await ahead.shift();
      ask();
      return buffer;
    };
    const stop = () => {
      if (reading.delete(reader) && reading.size === 0) nowhere.postMessage(null, spare.splice(0));
      return reader.cancel().catch(() => {});
    };
    reading.add(reader);
    return { take, stop };
  };

  /** What a run does with each of its pieces to begin: what seal and open promise. */
  const begin = ({ verb, key, mac, iv, blocks, chunk }, at, data) => {
    const own = blocks.subarray(at, at + BLOCK * Math.ceil(data.length / chunk));
    return verb === "seal" ? seal(key, own, data, chunk) : open(key, mac, iv, own, data, chunk);
  };

  /** Goes on with a checksum over bytes that are brought to a place in a room, which keeps them there. */
  const summed = (room, state, at, bytes) => {
    room.bytes.set(bytes, at);
    return room.exports.f(state, room.at + at, bytes.length);
  };

  /**
   * Seals or opens the next pieces of a stream to a file, so that Go hears of
   * many of them once. blocks has an IV or a counter for each of their chunks,
   * as seal and open want them. When all went well the pieces go to the hashes,
   * in one message: plain and cipher are the ids that these have in the worker,
   * and cost is of each piece.
   *
   * With a room, whose bytes have a checksum f, that of the plaintext goes on
   * from crc; and what is sealed begins with the used bytes that are in it, so
   * that as many stay there.
   *
   * Promises {ends, crc, sent}, ends as they come from seal and open, sent whether
   * the hashes have the pieces; and failed, {step, reason}, after an error.
   */
  const run = async (job) => {
    const { verb, stream, blocks, chunk, access, room, used, worker, plain, cipher, cost } = job;
    const sealing = verb === "seal";
    const done = { ends: new Uint8Array((sealing ? 3 : 1) * blocks.length), crc: job.crc, sent: false };
    const pieces = [];
    const hand = (chunks, ids, read) => {
      if (ids.length > 0) {
        pieces.push(chunks.piece({ parts: ids.map((id) => [id, 0, chunks.length]), cost, back: read }));
      } else if (read) {
        chunks.buffers.forEach(give);
      } else {
        chunks.drop();
      }
    };
    let { position } = job;
    let step = "read";
    let end = 0;
    /** @type {Promise<any>[]} */
    const begun = []; // what the cipher makes: of one piece while the one before is written
    let stored = 0; // of these
    const store = async () => {
      step = "cipher";
      const { chunks, ends } = await begun[stored];
      const { length } = chunks;
      stored++;
      done.ends.set(ends, end);
      ends.fill(0);
      end += ends.length;
      if (room && !sealing) chunks.each(0, length, (piece) => void (done.crc = summed(room, done.crc, 0, piece)));
      step = "write";
      if (chunks.write(access, 0, length, position) !== length) throw new DOMException("short write", "QuotaExceededError");
      position += length;
      hand(chunks, sealing ? cipher : plain, false);
    };
    try {
      for (let at = 0; at < blocks.length; ) {
        step = "read";
        const buffer = await stream.take();
        step = "cipher";
        let data = new Uint8Array(buffer);
        const { length } = data;
        if (room && sealing) {
          done.crc = summed(room, done.crc, used, data);
          data = room.bytes.subarray(0, length);
        }
        begun.push(begin(job, at, data));
        begun.at(-1)?.catch(() => {}); // store() tells of it
        if (room && sealing) room.bytes.copyWithin(0, length, length + used);
        hand(wrap(buffer), sealing ? plain : cipher, true);
        if (begun.length > 1) await store();
        at += BLOCK * Math.ceil(length / chunk);
      }
      await store();
      step = "hand over";
      if (pieces.length > 0) {
        know(worker);
        worker.postMessage({ pieces }, pieces.flatMap(({ buffers }) => buffers));
        done.sent = true;
      }
      return done;
    } catch (reason) {
      done.ends.fill(0);
      for (const made of begun) made.then(({ ends }) => ends.fill(0)).catch(() => {});
      for (const { buffers } of pieces) nowhere.postMessage(null, buffers);
      return { ...done, failed: { step, reason } };
    }
  };

  globalThis.scelleChunks = Object.freeze({ seal, open, wrap, read, give, run });
})();
