// Copies a file into the origin private file system the way Scellé reads and
// writes (one stream where the browser has it, four pieces of 960 KiB ahead whose
// memory is used again; else four times as large slices, two ahead, whose memory
// is given back at once; pieces of 480 KiB written): what reading and writing
// alone cost.
"use strict";
importScripts("chunks.js");
const PIECE = 480 << 10;
const { port1: nowhere, port2: closed } = new MessageChannel();
closed.close();
globalThis.ballast = new ArrayBuffer(64 << 20);

const drop = (buffer) => nowhere.postMessage(null, [buffer]);

/** Slices of size bytes, depth of them under way. */
const sliced = (file, size, depth) => {
  let at = 0;
  const ahead = [];
  const ask = () => at < file.size && ahead.push(file.slice(at, (at += size)).arrayBuffer());
  for (let i = 0; i < depth; i++) ask();
  const take = async () => {
    const buffer = await ahead.shift();
    ask();
    return buffer;
  };
  return { take, give: drop };
};

/** How a file is read: take() promises the next bytes, give() has them back. */
const reader = (file) => {
  try {
    return { ...scelleChunks.read(file, 2 * PIECE, 4), give: scelleChunks.give };
  } catch {
    return sliced(file, 8 * PIECE, 2);
  }
};

const copy = async (file) => {
  const root = await navigator.storage.getDirectory();
  const handle = await root.getFileHandle("copy", { create: true });
  const start = performance.now();
  const out = await handle.createSyncAccessHandle();
  out.truncate(0);
  const { take, give } = reader(file);
  let written = 0;
  while (written < file.size) {
    const buffer = await take();
    for (let from = 0; from < buffer.byteLength; from += PIECE) {
      const piece = new Uint8Array(buffer, from, Math.min(PIECE, buffer.byteLength - from));
      written += out.write(piece, { at: written });
    }
    give(buffer);
  }
  out.close();
  if (written !== file.size) throw new Error(`copied ${written} bytes`);
  return performance.now() - start;
};

onmessage = ({ data }) =>
  copy(data.file).then(
    (ms) => postMessage({ ms }),
    (error) => postMessage({ error: String(error) }),
  );
