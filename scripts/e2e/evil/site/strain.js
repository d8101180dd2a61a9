// Floods and races.
(() => {
  const { attack, answered, post, until, wait, responses, mine, randomId } = evil;

  attack("a flood of questions", answered, async () => {
    const count = 600;
    const ids = Array.from({ length: count }, randomId);
    for (const id of ids) post({ id, method: "status" });
    await until(() => ids.every((id) => responses(id).length > 0), 40_000);
    const codes = {};
    for (const id of ids) {
      const all = responses(id);
      const code = all.length === 1 ? (all[0].ok ? "ok" : all[0].fault.code) : `${all.length} responses`;
      codes[code] = (codes[code] ?? 0) + 1;
    }
    const odd = Object.keys(codes).filter((c) => c !== "ok" && c !== "busy");
    const found = odd.map((c) => `${c}: ${codes[c]}`);
    if (!codes.ok || !codes.busy) found.push(`no flood: ${JSON.stringify(codes)}`);
    return found.concat(await answered());
  });

  attack("a flood of rubbish", answered, async () => {
    for (let i = 0; i < 500; i++) {
      post({ id: randomId(), method: `m${i}`, params: { i } });
      post({ id: "x".repeat(65 + (i % 100)), method: "status" });
      post({ kind: "call-result", id: String(i), call: String(i), ok: true });
      post({ kind: "cancel", id: String(i) });
    }
    await wait(200);
    return answered();
  });

  /** Opens windows as fast as it can; the test counts what is on the screen. */
  attack("a flood of windows", answered, async () => {
    const ids = Array.from({ length: 40 }, randomId);
    for (const id of ids) post({ id, method: "keys.add", params: { name: "Clé" } });
    await until(() => ids.filter((id) => responses(id)[0]?.fault?.code === "busy").length >= 39, 20_000);
    const busy = ids.filter((id) => responses(id)[0]?.fault?.code === "busy").length;
    return busy === 39 ? [] : [`${busy} of 40 were refused`];
  });

  /** Asks and takes it back, many times: whoever cancels gets one response. */
  attack("asking and taking back", answered, async () => {
    const ids = [];
    for (let i = 0; i < 10; i++) {
      const id = randomId();
      ids.push(id);
      post({ id, method: "keys.add", params: { name: `Clé ${i}` } });
      if (i % 3) await wait(i * 5);
      post({ kind: "cancel", id });
    }
    await until(() => ids.every((id) => responses(id).length > 0));
    await wait(500);
    const found = [];
    for (const id of ids) {
      const all = responses(id);
      if (all.length !== 1 || all[0].ok !== false) found.push(`${id}: ${JSON.stringify(all)}`);
      if (mine(id).some((d) => d.kind === "call")) found.push(`${id}: was called`);
    }
    return found;
  });

  /** Elements whose names hide what scripts expect of a document. */
  attack("names over the document's own", answered, async () => {
    const names = ["documentElement", "createElement", "browser", "chrome", "ScelleProtocol", "ScelleFaults", "crypto", "location", "cookie", "body"];
    const holder = document.createElement("div");
    holder.innerHTML = names.map((n) => `<form name="${n}" id="${n}"><input name="lang"><input name="append"><input name="runtime"></form><img name="${n}">`).join("");
    document.querySelector("h1").append(holder);
    const id = randomId();
    post({ id, method: "keys.present", params: { thumbprints: ["ab".repeat(32)] } });
    await until(() => responses(id).length > 0, 5000);
    const answer = responses(id)[0];
    holder.remove();
    const known = answer?.ok && (answer.result.present.length > 0 || answer.result.absent.length > 0);
    return (known ? [`a key is known: ${JSON.stringify(answer)}`] : answer ? [] : ["no answer"]).concat(await answered());
  });
})();
