// A hooked page that has plis opened, and looks for what it should not see.
(() => {
  const { attack, config, answered, until, randomId, responses, post, heard } = evil;

  attack("hooks while a pli is opened", async () => {
    // The page's own way to a word goes through the same hooks.
    const word = `control-${randomId()}-${randomId()}`;
    const file = new File([word], "control.txt");
    await file.text();
    const { port1, port2 } = new MessageChannel();
    port2.postMessage({ word: `${word}-port` });
    await new Promise((resolve) => (port1.onmessage = resolve));
    const backwards = (s) => [...s].reverse().join("");
    const found = hooks.saw(backwards(word)) && hooks.saw(backwards(`${word}-port`)) ? [] : ["the hooks see nothing"];
    if (hooks.count() < 1000) found.push(`only ${hooks.count()} hooks`);
    return found.concat(await answered());
  }, async () => config.backwards.filter((s) => hooks.saw(s)).map((s) => `seen, backwards: ${s}`).concat(config.backwards.length > 10 ? [] : ["too few secrets"]));

  /** Has the extension ask for the pli and the person; the test is the person. */
  let asked = "";
  attack("asking for an opening", async () => [], async () => {
    asked = randomId();
    window.addEventListener("message", async ({ source, data }) => {
      if (source !== window || data?.kind !== "call" || data.id !== asked) return;
      const file = await (await fetch(`/plis/${data.args.id}`)).blob();
      window.postMessage({ scelle: 1, to: "content", kind: "call-result", id: asked, call: data.call, ok: true, file }, "*");
    });
    post({ id: asked, method: "pli.open", params: { tender: config.tender, title: config.title ?? "Consultation", plis: config.plis ?? [{ id: "pli", label: "Pli 1" }] } });
    return [];
  });

  /** Calls the assistant's window to the front again and again while a person looks at it. */
  let stealing = 0;
  let busy = 0;
  attack("stealing the focus", async () => {
    const victim = document.querySelector("#victim");
    document.querySelector("h1").tabIndex = -1;
    document.querySelector("h1").focus();
    victim.focus();
    return document.activeElement === victim ? [] : ["it cannot even take the focus of its own page"];
  }, async () => {
    const ask = () => {
      const id = randomId();
      window.focus();
      document.querySelector("#victim").focus();
      post({ id, method: "pli.open", params: { tender: config.tender, plis: [{ id: "pli", label: "Pli 1" }] } });
      until(() => responses(id).length > 0).then(() => (busy += responses(id)[0]?.fault?.code === "busy" ? 1 : 0));
    };
    ask();
    stealing = setInterval(ask, 100);
    return [];
  });
  attack("leaving the focus alone", async () => [], async () => {
    clearInterval(stealing);
    await until(() => busy > 3);
    return busy > 3 ? [] : [`${busy} requests were refused as busy`];
  });

  attack("the end of the opening", async () => [], async () => {
    globalThis.control = config.control; // the search of this process's memory must find it
    await until(() => responses(asked).length > 0, 20_000);
    const all = responses(asked);
    return all.length === 1 && all[0].ok && all[0].result.plis[0].opened ? [] : [JSON.stringify(all)];
  });

  attack("an opening that came to nothing", async () => [], async () => {
    await until(() => responses(asked).length > 0, 20_000);
    const all = responses(asked);
    const calls = heard.filter((h) => h.data?.kind === "call" && h.data.name !== "fetchEnvelope").length;
    return all.length === 1 && all[0].ok === false && calls === 0 ? [] : [JSON.stringify(all)];
  });
})();
