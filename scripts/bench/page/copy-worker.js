// Copies a file into the origin private file system: what reading and writing
// alone cost.
"use strict";
const SLICE = 4 << 20;

const copy = async (file) => {
  const root = await navigator.storage.getDirectory();
  const handle = await root.getFileHandle("copy", { create: true });
  const start = performance.now();
  const out = await handle.createSyncAccessHandle();
  out.truncate(0);
  let at = 0;
  const ask = () => {
    const slice = file.slice(at, at + SLICE);
    at += slice.size;
    return slice.size > 0 ? slice.arrayBuffer() : null;
  };
  let written = 0;
  for (let ahead = ask(); ahead; ) {
    const bytes = new Uint8Array(await ahead);
    ahead = ask();
    written += out.write(bytes, { at: written });
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
