// Embedding, loading and finding the extension's own documents. Which frames
// there are is the browser's word: the test compares it before and after.
(() => {
  const { attack, ask, until, wait, config, frames } = evil;

  const PATHS = [
    "app/bridge.html", "app/assistant.html", "app/opening.html", "app/popup.html", "app/offline.html", "app/backup.html", "app/options.html", "app/check.html", "manifest.json", "worker/worker.js",
    "content/content.js", "gen/protocol.js", "app/app.wasm", "app/keys.wasm", "app/plis.wasm", "app/crypto.wasm", "app/scelle.css", "icons/seal.svg",
  ];

  const element = (tag, property, url) =>
    new Promise((resolve) => {
      const e = document.createElement(tag);
      e.onload = () => resolve(true);
      e.onerror = () => resolve(false);
      if (tag === "link") e.rel = "stylesheet";
      e[property] = url;
      document.head.append(e);
      setTimeout(resolve, 2000, false);
    });

  const LOADERS = {
    fetch: (url) => fetch(url).then((r) => r.ok, () => false),
    "fetch without CORS": (url) => fetch(url, { mode: "no-cors" }).then(() => true, () => false),
    import: (url) => import(url).then(() => true, () => false),
    script: (url) => element("script", "src", url),
    style: (url) => element("link", "href", url),
    image: (url) => element("img", "src", url),
    worker: async (url) => {
      try {
        return await new Promise((resolve) => {
          const w = new Worker(url);
          w.onmessage = () => resolve(true);
          w.onerror = () => resolve(false);
          setTimeout(resolve, 500, false);
        });
      } catch {
        return false;
      }
    },
  };
  // The page of the extension that pages may frame; anything else of it is out of reach by any address.
  const open = (path) => path === "app/bridge.html";

  attack("resources of the extension", async () => {
    const found = [];
    for (const [name, url] of [["fetch", "/harness.js"], ["fetch without CORS", "/harness.js"], ["import", "/scelle.js"], ["script", "/victim.js"]]) {
      if (!(await LOADERS[name](url))) found.push(`${name} cannot even load ${url}`);
    }
    return found;
  }, async () => {
    const found = [];
    for (const base of new Set([config.base, config.dynamic])) {
      const urls = PATHS.filter((p) => !(base === config.dynamic && open(p)));
      await Promise.all(urls.flatMap((path) => Object.entries(LOADERS).map(async ([name, load]) => {
        if (await load(base + path)) found.push(`${name} of ${path} (${base === config.base ? "static" : "dynamic"})`);
      })));
    }
    return found;
  });

  const embed = (url, sandbox) => {
    const frame = document.createElement("iframe");
    if (sandbox !== undefined) frame.setAttribute("sandbox", sandbox);
    frame.style.opacity = "0.001";
    frame.src = url;
    document.body.append(frame);
    frames.push(frame);
    return frame;
  };

  attack("framing pages of the extension", async () => {
    embed("/frame.html#framed");
    return (await until(() => evil.heard.some((h) => h.data?.evil === "framed"))) ? [] : ["not even an own page can be framed"];
  }, async () => {
    for (const path of PATHS) if (!open(path)) for (const base of new Set([config.base, config.dynamic])) embed(base + path);
    for (const path of ["assistant", "opening"]) embed(`${config.base}app/${path}.html#${"0".repeat(32)}`);
    embed("/frame.html#last");
    await until(() => evil.heard.some((h) => h.data?.evil === "last")); // by now the others have come, too, or not
    await wait(300); // the test looks at what the browser shows
    return [];
  });

  attack("clearing frames", async () => [], async () => {
    for (const frame of frames.splice(0)) frame.remove();
    return [];
  });

  /** A person's click opens an address in a window of its own; the test sees what the browser shows. */
  let opened;
  attack("opening at the next click", async () => [], async () => {
    document.querySelector("#victim").addEventListener("click", () => (opened = window.open(config.url)), { once: true });
    return [];
  });
  attack("closing what was opened", async () => [], async () => {
    opened?.close();
    return [];
  });

  /** Has the content script make its bridge, by a request that comes to nothing. */
  attack("a bridge of the page's own request", async () => [], async () => {
    const answer = await ask("pli.seal", { recipients: [], tender: "x", kind: "offre" }, { files: [new File(["x"], "x.txt")], millis: 30_000 });
    return answer?.ok === false && !["internal", "timeout"].includes(answer.fault.code) ? [] : [JSON.stringify(answer)];
  });

  /** Speaks to a bridge that the page framed itself; resolves with its answer. */
  const speak = async (frame, nonce) => {
    const { port1, port2 } = new MessageChannel();
    const said = new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data?.kind ?? "?");
      setTimeout(resolve, 800, "nothing");
    });
    frame.contentWindow.postMessage({ scelle: 1, nonce }, "*", [port2]);
    return said;
  };

  const loaded = (frame) => new Promise((resolve) => {
    frame.addEventListener("load", resolve, { once: true });
    setTimeout(resolve, 1500);
  });

  attack("a bridge of the page's own", async () => {
    // The worst case: the page knows the address. The frame runs and hears it, and the nonce decides.
    const frame = embed(`${config.dynamic}app/bridge.html`);
    await loaded(frame);
    const said = await speak(frame, "0".repeat(32));
    return said === "failed" ? [] : [`the frame says ${said}`];
  }, async () => {
    const found = [];
    const nonces = ["", null, ["0".repeat(32)], `${"0".repeat(32)}\n`, "f".repeat(32)];
    const tries = [...nonces.map((nonce) => [undefined, nonce]), ["allow-scripts", nonces[4]], ["allow-scripts allow-same-origin", nonces[4]]];
    await Promise.all(tries.map(async ([sandbox, nonce]) => {
      const frame = embed(`${config.dynamic}app/bridge.html`, sandbox);
      await loaded(frame);
      const said = await speak(frame, nonce);
      if (!["failed", "nothing"].includes(said)) found.push(`sandbox ${sandbox}, nonce ${JSON.stringify(nonce)}: ${said}`);
      frame.remove();
    }));
    return found;
  });

  const handles = () => {
    const found = [];
    for (let i = 0; i < window.length; i++) found.push(`window[${i}]`);
    const walk = (root) => {
      for (const e of root.querySelectorAll("*")) {
        if (e.tagName === "IFRAME") found.push("an iframe");
        if (e.shadowRoot) walk(e.shadowRoot);
      }
    };
    walk(document);
    for (const e of performance.getEntries()) if (/^[a-z]+-extension:/.test(e.name)) found.push(`performance: ${e.name}`);
    const html = document.documentElement.getHTML?.({ serializableShadowRoots: true }) ?? document.documentElement.outerHTML;
    if (/[a-z]+-extension:\/\//.test(html)) found.push("its address in the page's HTML");
    return found;
  };

  attack("a handle on the bridge", async () => {
    const frame = embed("/frame.html#handle");
    await until(() => evil.heard.some((h) => h.data?.evil === "handle"));
    const found = handles();
    frame.remove();
    return found.includes("window[0]") && found.includes("an iframe") ? [] : [`an own frame is not found: ${found}`];
  }, async () => handles());
})();
