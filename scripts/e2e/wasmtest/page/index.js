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
