// Copies a file into the origin private file system the way Scellé reads and
// writes (one stream where the browser has it, four pieces of 960 KiB ahead; else
// four times as large slices, two ahead; pieces of 480 KiB written, memory given
// back at once): what reading and writing alone cost.
"use strict";
importScripts("chunks.js");
const PIECE = 480 << 10;
const { port1: nowhere, port2: closed } = new MessageChannel();
closed.close();
globalThis.ballast = new ArrayBuffer(64 << 20);

const sliced = (file) => {
  let at = 0;
  return (n) => file.slice(at, (at += n)).arrayBuffer();
};

/** How a file is read: next(n) promises the next bytes. */
const reader = (file) => {
  try {
    return { next: scelleChunks.read(file).next, size: 2 * PIECE, depth: 4 };
  } catch {
    return { next: sliced(file), size: 8 * PIECE, depth: 2 };
  }
};

const copy = async (file) => {
  const root = await navigator.storage.getDirectory();
  const handle = await root.getFileHandle("copy", { create: true });
  const start = performance.now();
  const out = await handle.createSyncAccessHandle();
  out.truncate(0);
  const { next, size, depth } = reader(file);
  let asked = 0;
  const ahead = [];
  const ask = () => {
    const n = Math.min(size, file.size - asked);
    asked += n;
    if (n > 0) ahead.push(next(n));
  };
  for (let i = 0; i < depth; i++) ask();
  let written = 0;
  while (ahead.length > 0) {
    const buffer = await ahead.shift();
    ask();
    for (let from = 0; from < buffer.byteLength; from += PIECE) {
      const piece = new Uint8Array(buffer, from, Math.min(PIECE, buffer.byteLength - from));
      written += out.write(piece, { at: written });
    }
    nowhere.postMessage(null, [buffer]);
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
