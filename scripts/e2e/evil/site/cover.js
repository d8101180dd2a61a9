// What lies over, under and in front of things.
(() => {
  const { attack, wait, randomId, post, responses, until } = evil;
  const victim = () => document.querySelector("#victim");
  let clicks = 0;
  window.addEventListener("DOMContentLoaded", () => victim().addEventListener("click", () => clicks++));

  const COVERS = {
    opaque: { background: "#fff" },
    "let through": { background: "#fff", pointerEvents: "none" },
    transparent: { background: "#fff", opacity: "0", pointerEvents: "none" },
  };

  const cover = (style) => {
    const e = document.createElement("div");
    e.popover = "manual";
    Object.assign(e.style, { position: "fixed", inset: "0", width: "100vw", height: "100vh", margin: "0", border: "0", ...style });
    e.className = "cover";
    document.body.append(e);
    e.showPopover();
    return e;
  };

  /** The control: a button of the page under something that lets clicks through is clicked unseen. */
  attack("covers", async () => {
    const e = cover(COVERS["let through"]);
    const { left, top, width, height } = victim().getBoundingClientRect();
    const hit = document.elementFromPoint(left + width / 2, top + height / 2);
    e.remove();
    return hit === victim() ? [] : [`a click would hit ${hit?.outerHTML}`];
  }, async () => {
    for (const style of Object.values(COVERS)) cover(style);
    document.documentElement.requestFullscreen?.().catch(() => {});
    window.focus();
    await wait(100);
    return [];
  });

  attack("uncovering", async () => [], async () => {
    for (const e of document.querySelectorAll(".cover")) e.remove();
    return [];
  });

  /** Whether the page's own unprotected button was clicked since the last time. */
  attack("was the button clicked", async () => [], async () => {
    const n = clicks;
    clicks = 0;
    return n > 0 ? [`${n} clicks`] : [];
  });

  /** A window that the person did not ask for. */
  let asked = "";
  attack("asking for a window", async () => [], async () => {
    asked = randomId();
    post({ id: asked, method: "keys.add", params: { name: "Clé" } });
    await until(() => responses(asked).length > 0, 300);
    return responses(asked).map((r) => JSON.stringify(r));
  });
  attack("what came of the window", async () => [], async () => {
    await until(() => responses(asked).length > 0, 5000);
    const all = responses(asked);
    return all.length === 1 && all[0].ok === false ? [] : [JSON.stringify(all)];
  });
})();
