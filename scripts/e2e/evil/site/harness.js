// What every attack page has: attacks by name, each with a control that shows
// that the same means reach something that is not protected. A test sets
// data-run to {"seq", "name", "part", "config"}; data-done gets {"seq", "found"},
// the list of what the attack gained or of why the control failed.
(() => {
  const attacks = new Map();
  const heard = []; // every message event in this window: {own, trusted, data}
  window.addEventListener("message", (event) => heard.push({ own: event.source === window, trusted: event.isTrusted, data: event.data }));

  const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
  const randomId = () => Math.random().toString(16).slice(2);
  const mine = (id) => heard.map((h) => h.data).filter((d) => d?.scelle === 1 && d.to === "page" && d.id === id);
  const responses = (id) => mine(id).filter((d) => d.kind === "response");

  /** Waits until a condition holds, or a time has passed. */
  const until = async (condition, millis = 10_000) => {
    for (const end = Date.now() + millis; Date.now() < end; await wait(10)) if (condition()) return true;
    return Boolean(condition());
  };

  const post = (message) => window.postMessage({ scelle: 1, to: "content", kind: "request", params: {}, ...message }, "*");

  /** Asks as a page does; undefined when nobody answers. */
  const ask = async (method, params = {}, { files, millis = 10_000 } = {}) => {
    const id = randomId();
    post({ id, method, params, ...(files && { files }) });
    await until(() => responses(id).length > 0, millis);
    return responses(id)[0];
  };

  /** The control of most attacks: whoever asks properly is answered. */
  const answered = async () => {
    const status = await ask("status");
    return status?.ok === true ? [] : [`status is not answered: ${JSON.stringify(status)}`];
  };

  const evil = (globalThis.evil = { attacks, heard, config: {}, wait, until, randomId, mine, responses, post, ask, answered, frames: [] });
  evil.attack = (name, control, run) => attacks.set(name, { control, run });

  const run = async ({ name, part, config }) => {
    Object.assign(evil.config, config);
    try {
      return (await attacks.get(name)[part]()).map(String);
    } catch (error) {
      return [`the ${part} itself failed: ${error?.stack ?? error}`];
    }
  };

  const root = document.documentElement;
  const onRun = async () => {
    const wish = JSON.parse(root.dataset.run);
    const found = await run(wish);
    root.dataset.done = JSON.stringify({ seq: wish.seq, found });
  };
  new MutationObserver(onRun).observe(root, { attributes: true, attributeFilter: ["data-run"] });
  window.addEventListener("DOMContentLoaded", () => (root.dataset.attacks = JSON.stringify([...attacks.keys()])));
})();
