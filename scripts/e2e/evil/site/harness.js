// What every attack page has: attacks by name, each with a control that shows
// that the same means reach something that is not protected. A test sets
// data-run to {"seq", "names", "part", "config"}; data-done gets {"seq", "found"}:
// of each attack the list of what it gained or of why the control failed.
// Attacks that are named together run at the same time.
(() => {
  const attacks = new Map();
  const heard = []; // every message event in this window: {own, trusted, data}
  const answers = new Map(); // what the page is told, by the id of its request
  const waiting = new Set(); // who looks again when something was heard
  window.addEventListener("message", (event) => {
    const { data } = event;
    heard.push({ own: event.source === window, trusted: event.isTrusted, data });
    if (data?.scelle === 1 && data.to === "page") answers.set(data.id, [...(answers.get(data.id) ?? []), data]);
    for (const look of [...waiting]) look();
  });

  const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
  const randomId = () => Math.random().toString(16).slice(2);
  const mine = (id) => answers.get(id) ?? [];
  const responses = (id) => mine(id).filter((d) => d.kind === "response");

  /** Waits until a condition holds, or a time has passed. Timers of a page in the background are slow, messages are not. */
  const until = (condition, millis = 10_000) => new Promise((resolve) => {
    const look = () => condition() && done();
    const done = () => {
      waiting.delete(look);
      clearInterval(timer);
      clearTimeout(late);
      resolve(Boolean(condition()));
    };
    const timer = setInterval(look, 20);
    const late = setTimeout(done, millis);
    waiting.add(look);
    look();
  });

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

  /** Whoever asks now is answered after all that was asked before: what has no answer by then gets none. */
  const settled = async () => {
    const found = await answered();
    await wait(50);
    return found;
  };

  const evil = (globalThis.evil = { attacks, heard, config: {}, wait, until, randomId, mine, responses, post, ask, answered, settled, frames: [] });
  evil.attack = (name, control, run) => attacks.set(name, { control, run });

  const run = async (name, part) => {
    try {
      return (await attacks.get(name)[part]()).map(String);
    } catch (error) {
      return [`the ${part} itself failed: ${error?.stack ?? error}`];
    }
  };

  const root = document.documentElement;
  const onRun = async () => {
    const wish = JSON.parse(root.dataset.run);
    Object.assign(evil.config, wish.config);
    const found = Object.fromEntries(await Promise.all(wish.names.map(async (name) => [name, await run(name, wish.part)])));
    root.dataset.done = JSON.stringify({ seq: wish.seq, found });
  };
  new MutationObserver(onRun).observe(root, { attributes: true, attributeFilter: ["data-run"] });
  window.addEventListener("DOMContentLoaded", () => (root.dataset.attacks = JSON.stringify([...attacks.keys()])));
})();
