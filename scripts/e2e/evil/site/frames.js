// Frames that pretend to be the page: of the same origin, inherited, opaque,
// sandboxed, nested and foreign ones.
(() => {
  const { attack, answered, settled, until, wait, mine, randomId, heard, config } = evil;

  /** What a frame does: asks its parent, its top and itself, and tells the top what it heard. */
  const script = (id) => `(() => {
    const tell = (what) => top.postMessage({ evil: ${JSON.stringify(id)}, what }, "*");
    addEventListener("message", (e) => e.data && e.data.scelle === 1 && e.data.to === "page" && tell(e.data));
    const message = { scelle: 1, to: "content", kind: "request", id: ${JSON.stringify(id)}, method: "status", params: {} };
    for (const target of [self, parent, top]) target.postMessage(message, "*");
    tell("ran");
  })();`;
  const page = (id) => `<!doctype html><script>${script(id)}<\/script>`;
  const inner = (id) => `<!doctype html><iframe srcdoc="${page(id).replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"></iframe>`;

  const FRAMES = {
    "same origin": (f, id) => void (f.src = `/frame.html#${id}`),
    "srcdoc": (f, id) => void (f.srcdoc = page(id)),
    "nested": (f, id) => void (f.srcdoc = inner(id)),
    "blob": (f, id) => void (f.src = URL.createObjectURL(new Blob([page(id)], { type: "text/html" }))),
    "data": (f, id) => void (f.src = `data:text/html,${encodeURIComponent(page(id))}`),
    "sandboxed": (f, id) => {
      f.sandbox.add("allow-scripts");
      f.src = `/frame.html#${id}`;
    },
    "sandboxed, nested": (f, id) => {
      f.sandbox.add("allow-scripts");
      f.srcdoc = inner(id);
    },
    "a stranger": (f, id) => void (f.src = `${config.stranger}/frame.html#${id}`),
    "from outside": (f, id) => void (f.src = `${config.outside}/frame.html#${id}`),
  };

  const reports = (id) => heard.filter((h) => h.data?.evil === id).map((h) => h.data.what);

  /** Starts every frame; [name, id, iframe] of each. */
  const start = () =>
    Object.entries(FRAMES).map(([name, set]) => {
      const id = `frame-${randomId()}`;
      const frame = document.createElement("iframe");
      set(frame, id);
      document.body.append(frame);
      return [name, id, frame];
    });

  const blank = (id) => {
    const frame = document.createElement("iframe");
    document.body.append(frame); // about:blank, of our own origin
    frame.contentWindow.eval(script(id));
    return frame;
  };

  /** Beside the control each frame shows by itself that it runs and that its forgery arrives. */
  attack("messages from frames", answered, async () => {
    const empty = `frame-${randomId()}`;
    const all = [...start(), ["about:blank", empty, blank(empty)]];
    const arrived = (id) => heard.some((h) => !h.own && h.data?.id === id);
    await until(() => all.every(([, id]) => reports(id).includes("ran") && arrived(id)));
    const found = await settled();
    for (const [name, id, frame] of all) {
      if (!reports(id).includes("ran")) found.push(`the frame "${name}" does not run`);
      if (!arrived(id)) found.push(`the forgery of "${name}" does not arrive`);
      for (const d of mine(id)) found.push(`${name}: the page is answered ${JSON.stringify(d)}`);
      for (const what of reports(id).filter((w) => w !== "ran")) found.push(`${name}: the frame is answered ${JSON.stringify(what)}`);
      frame.remove();
    }
    return found;
  });

  attack("a document without an origin", async () => (self.origin === "null" ? [] : [`the origin is ${self.origin}`]), async () => {
    const id = randomId();
    evil.post({ id, method: "status" });
    await wait(1000);
    return mine(id).map((d) => JSON.stringify(d)).concat(heard.some((h) => h.data?.kind === "hello") ? ["somebody says hello"] : []);
  });
})();
