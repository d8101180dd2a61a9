// Copies a file into the origin private file system the way Scellé reads and
// writes (slices of 4 MiB, two asked for ahead, pieces of 512 KiB written, memory
// given back at once): what reading and writing alone cost.
"use strict";
const SLICE = 4 << 20;
const PIECE = 512 << 10;
const { port1: nowhere, port2: closed } = new MessageChannel();
closed.close();

const copy = async (file) => {
  const root = await navigator.storage.getDirectory();
  const handle = await root.getFileHandle("copy", { create: true });
  const start = performance.now();
  const out = await handle.createSyncAccessHandle();
  out.truncate(0);
  let at = 0;
  const ahead = [];
  const ask = () => {
    const slice = file.slice(at, at + SLICE);
    at += slice.size;
    if (slice.size > 0) ahead.push(slice.arrayBuffer());
  };
  let written = 0;
  for (ask(), ask(); ahead.length > 0; ) {
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
