// Runs one test binary in a Worker; ends with {code, output}.
globalThis.runTests = (args) =>
  new Promise((resolve) => {
    const worker = new Worker("worker.js");
    const output = [];
    worker.onmessage = ({ data }) => {
      if (typeof data.line === "string") output.push(data.line);
      else if (data.code !== undefined) resolve({ code: data.code, output: output.join("\n") });
    };
    worker.onerror = (event) => resolve({ code: -1, output: [...output, event.message].join("\n") });
    worker.postMessage(args);
  });

// Runs one test binary in this document.
globalThis.runTestsHere = async (args) => {
  const output = [];
  for (const level of ["log", "error", "warn"]) console[level] = (...words) => output.push(words.join(" "));
  const go = new Go();
  go.argv = ["test.wasm", ...args];
  let code = 0;
  go.exit = (c) => (code = c);
  try {
    const { instance } = await WebAssembly.instantiateStreaming(fetch("test.wasm"), go.importObject);
    await go.run(instance);
  } catch (error) {
    output.push(String(error));
    code = -1;
  }
  return { code, output: output.join("\n") };
};
