// Here the page is the victim: somebody else answers in the extension's place.
// It runs where no extension answers, so that a forgery cannot come too late.
(() => {
  const { attack, config, randomId, heard, until } = evil;
  const print = "cd".repeat(32);
  const forged = (id) => ({ scelle: 1, to: "page", kind: "response", id, ok: true, result: { present: [print], absent: [], unknown: [] } });

  /** Asks by scelle.js, and has somebody answer as soon as the question is seen. */
  const askWhile = async (answer) => {
    const { scelle } = await import("/scelle.js");
    const onAsk = ({ source, data }) => source === window && data?.to === "content" && answer(data.id);
    window.addEventListener("message", onAsk);
    try {
      return (await scelle.keysPresent([print])).present;
    } catch (error) {
      return error.code;
    } finally {
      window.removeEventListener("message", onAsk);
    }
  };

  const frameOf = async (url) => {
    const id = `frame-${randomId()}`;
    const frame = document.createElement("iframe");
    frame.src = `${url}#${id}`;
    document.body.append(frame);
    await until(() => heard.some((h) => h.data?.evil === id));
    return frame;
  };

  attack("answers of others", async () => {
    const got = await askWhile((id) => window.postMessage(forged(id), "*"));
    return got?.[0] === print ? [] : [`the page does not even believe itself: ${got}`];
  }, async () => {
    const found = [];
    for (const url of ["/frame.html", `${config.stranger}/frame.html`]) {
      const frame = await frameOf(url);
      const before = heard.length;
      const got = await askWhile((id) => frame.contentWindow.postMessage({ answer: forged(id) }, "*"));
      if (got !== "extension-missing") found.push(`${url}: the page believed ${JSON.stringify(got)}`);
      if (!heard.slice(before).some((h) => h.data?.result?.present)) found.push(`${url}: no forgery came`);
      frame.remove();
    }
    return found;
  });
})();
