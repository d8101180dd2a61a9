// Messages that a page forges, replays and misshapes.
(() => {
  const { attack, ask, answered, settled, post, until, responses, mine, randomId, heard, config } = evil;

  attack("an event that no browser sent", async () => {
    const id = randomId();
    const data = { scelle: 1, to: "content", kind: "request", id, method: "status", params: {} };
    window.dispatchEvent(new MessageEvent("message", { source: window, origin: location.origin, data }));
    const seen = heard.some((h) => !h.trusted && h.data?.id === id);
    return seen ? answered() : ["no listener hears a made-up event"];
  }, async () => {
    const id = randomId();
    const data = { scelle: 1, to: "content", kind: "request", id, method: "status", params: {} };
    window.dispatchEvent(new MessageEvent("message", { source: window, origin: location.origin, data }));
    document.dispatchEvent(new MessageEvent("message", { source: window, origin: location.origin, data, bubbles: true }));
    return (await settled()).concat(mine(id).map((d) => `answered with ${JSON.stringify(d)}`));
  });

  attack("methods of others", answered, async () => {
    const found = [];
    for (const method of config.forbidden) {
      const answer = await ask(method, {});
      if (answer?.ok !== false || !["not-permitted", "unknown-method"].includes(answer.fault?.code)) found.push(`${method}: ${JSON.stringify(answer)}`);
    }
    return config.forbidden.length > 10 ? found : [...found, "the list of methods is short"];
  });

  // Names that objects have anyway, and things that only look like names.
  const ODD = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "then", "", "status ", "STATUS", "host.hello", 1, null, {}, [], ["status"], true];

  attack("odd names", answered, async () => {
    const asked = ODD.map((odd) => {
      const ids = [randomId(), randomId(), randomId()];
      post({ id: ids[0], method: odd });
      post({ id: ids[1], kind: odd, method: "status" });
      post({ id: ids[2], to: odd, method: "status" });
      post({ id: odd, method: "status", params: { odd: 1 }, kind: odd });
      return [odd, ids];
    });
    const found = await settled();
    for (const [odd, ids] of asked) for (const id of ids) for (const r of responses(id)) if (r.ok !== false) found.push(`${JSON.stringify(odd)}: ${JSON.stringify(r)}`);
    return found;
  });

  const print = "ab".repeat(32);
  const cycle = {};
  cycle.self = cycle;
  const nested = JSON.parse("[".repeat(500) + "]".repeat(500));
  const PARAMS = {
    "a cycle": cycle,
    "deep nesting": { thumbprints: nested },
    "2 MiB": { thumbprints: ["x".repeat(2 << 20)] },
    "a big integer": { thumbprints: [1n] },
    "lists for texts": { thumbprints: [[print]] },
    "a line end": { thumbprints: [`${print}\n`] },
    "too many": { thumbprints: Array(65).fill(print) },
    "an object for a list": { thumbprints: { length: 1, 0: print } },
    "a prototype": JSON.parse(`{"__proto__": {"thumbprints": ["${print}"]}}`),
    "an origin": { thumbprints: "all", origin: "https://marches.example" },
    "null": null,
    "a text": "thumbprints",
  };

  attack("odd parameters", async () => {
    const answer = await ask("keys.present", { thumbprints: [print] });
    return answer?.ok === true ? [] : [`a good question: ${JSON.stringify(answer)}`];
  }, async () => {
    const found = [];
    for (const [name, params] of Object.entries(PARAMS)) {
      const answer = await ask("keys.present", params);
      if (answer?.ok !== false) found.push(`${name}: ${JSON.stringify(answer)}`);
    }
    return found.concat(await answered());
  });

  attack("replies of others, replayed", answered, async () => {
    const found = [];
    const id = randomId();
    for (let i = 0; i < 20; i++) post({ id, method: "status" });
    await until(() => responses(id).length > 0);
    found.push(...(await settled()));
    if (responses(id).length !== 1) found.push(`${responses(id).length} responses to one id`);
    for (const kind of ["call-result", "response", "call", "progress", "hello", "cancel", "files", "ready"]) {
      for (const to of ["content", "worker", "assistant", "page"]) {
        post({ to, kind, id, call: "0", session: print.slice(0, 32), document: print.slice(0, 32), ok: true, result: { forged: true } });
      }
    }
    found.push(...(await settled()));
    const later = responses(id).filter((r) => !r.result?.forged);
    if (later.length !== 1) found.push(`a replay was answered: ${JSON.stringify(later)}`);
    return found;
  });

  attack("keys of others", async () => {
    const answer = await ask("status");
    const told = JSON.stringify(answer?.result ?? {});
    return answer?.ok === true && config.backwards.length > 5 && !config.backwards.some((s) => told.includes([...s].reverse().join(""))) ? [] : [`status says ${told}`];
  }, async () => {
    const found = [];
    const answer = await ask("keys.present", { thumbprints: config.thumbprints });
    const { present, absent, unknown } = answer?.result ?? {};
    if (!Array.isArray(unknown) || unknown.length !== config.thumbprints.length || present.length + absent.length !== 0) found.push(JSON.stringify(answer));
    return config.thumbprints.length >= 5 ? found : [...found, "too few keys to ask for"];
  });

  /** Everything that this origin can ask, and every word of the answers: for comparing. */
  attack("what a stranger is told", async () => {
    const answer = await ask("status");
    return answer?.ok === false ? [] : [`nobody refuses: ${JSON.stringify(answer)}`];
  }, async () => {
    const told = [];
    for (const method of [...config.allowed, ...config.forbidden]) {
      const params = { thumbprints: config.thumbprints, tender: "2027-1", title: "x", plis: [{ id: "1", label: "1" }], kind: "offre", recipients: [] };
      const { ok, result, fault } = (await ask(method, params, { files: [new File(["x"], "x.txt")] })) ?? {};
      told.push(`${method}: ${ok} ${JSON.stringify(result)} ${JSON.stringify(fault)}`);
    }
    return told;
  });

  attack("whoever is outside is not answered", async () => {
    const id = randomId();
    post({ id, method: "status" });
    await until(() => heard.some((h) => h.own && h.data?.id === id), 3000);
    return heard.some((h) => h.own && h.data?.id === id) ? [] : ["messages do not arrive"];
  }, async () => {
    const found = [];
    await Promise.all(config.allowed.map(async (method) => {
      const answer = await ask(method, {}, { millis: 500 });
      if (answer) found.push(`${method}: ${JSON.stringify(answer)}`);
    }));
    if (heard.some((h) => h.data?.kind === "hello")) found.push("somebody says hello");
    return found;
  });
})();
