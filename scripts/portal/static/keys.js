// « Clés de chiffrement »: registering, editing and deleting key pairs.
import { scelle } from "/scelle.js";
import { markHealth, serviceKey, serviceKeys } from "./health.js";
import { api, count, data, learnMore, one, PortalError, refresh, say, sayFailure, text, words } from "./page.js";
import { watch } from "./status.js";

const page = /** @type {{service: string, serviceName: string, manage: boolean}} */ (data.page);

/** @type {(id: string, verb?: string) => string} */
const keyPath = (id, verb) => `/api/keys/${encodeURIComponent(id)}${verb ? `/${verb}` : ""}`;

/** The requests that the assistant asks this page to make. */
const functions = {
  submitCertificate: (/** @type {object} */ args) => api("POST", "/api/keys", { ...args, service: page.service }),
  requestServerKey: (/** @type {object} */ args) => api("POST", "/api/keys/server", { ...args, service: page.service }),
  requestChallenge: (/** @type {{id: string}} */ { id, ...args }) => api("POST", keyPath(id, "challenge"), args),
  submitProof: (/** @type {{id: string}} */ { id, ...args }) => api("POST", keyPath(id, "proof"), args),
  discard: (/** @type {{id: string}} */ { id }) => api("POST", keyPath(id, "discard"), {}),
};

let busy = false;

/** @type {(wishes: object) => Promise<void>} */
const add = async (wishes) => {
  if (busy) return;
  busy = true;
  say("info", text("adding"));
  try {
    const { registration } = await scelle.addKeyPair({ service: page.serviceName, ...wishes, ...functions });
    if (registration.state === "active") say("good", text("added"));
    else say("info", text("pending"));
  } catch (error) {
    sayFailure(error);
  } finally {
    busy = false;
    await update();
  }
};

const AT_ONCE = 64; // keys in one verification

/** @type {(fault: any, name: string) => string} */
const failedLine = (fault, name) => text("notopened", name, `${words(fault).message} ${words(fault).remedy}`);

/**
 * What came of a verification, in lines.
 * @type {(outcomes: any[], keys: {id: string, name: string}[]) => (string | (string | Node)[])[]}
 */
const outcomeLines = (outcomes, keys) => {
  const of = (/** @type {string[]} */ ...kinds) => outcomes.filter((o) => kinds.includes(o.outcome));
  const proven = of("proven").length;
  const elsewhere = of("absent", "unknown").length;
  return [
    proven > 0 ? count("verified", proven) : text("verified.none"),
    ...of("failed").map((o) => [failedLine(o.fault, keys.find((k) => k.id === o.id)?.name ?? ""), " ", learnMore(o.fault.help)]),
    elsewhere > 0 ? count("elsewhere", elsewhere) : "",
  ];
};

/** Proves again, with one agreement, the service's keys that are on this computer: those known to be here first. */
const verify = async () => {
  if (busy) return;
  busy = true;
  say("info", text("verifying"));
  try {
    const here = (/** @type {{id: string}} */ { id }) => Boolean(document.querySelector(`tr[data-key="${id}"] [data-present="yes"]`));
    const active = (await serviceKeys(page.service)).filter((k) => k.state === "active");
    const keys = [...active.filter(here), ...active.filter((k) => !here(k))].slice(0, AT_ONCE);
    const { requestChallenge, submitProof } = functions;
    const { keys: outcomes } = await scelle.verifyKeys({ service: page.serviceName, keys: keys.map(serviceKey), requestChallenge, submitProof });
    say(outcomes.some((/** @type {any} */ o) => o.outcome === "failed") ? "bad" : "good", ...outcomeLines(outcomes, keys));
  } catch (error) {
    sayFailure(error);
  } finally {
    busy = false;
    await update();
  }
};

const mark = () => markHealth(page.service);

/** Shows the newest lists, and again how the keys stand on this computer. */
const update = async () => {
  try {
    await refresh("#keys");
    await mark();
  } catch (error) {
    sayFailure(error);
  }
};

/** @type {(dialog: HTMLDialogElement) => Promise<boolean>} whether it was confirmed */
const ask = (dialog) =>
  new Promise((resolve) => {
    dialog.returnValue = "cancel";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), { once: true });
    dialog.showModal();
  });

/** @type {(work: () => Promise<unknown>, done: string) => Promise<void>} */
const change = async (work, done) => {
  try {
    await work();
    say("good", text(done));
  } catch (error) {
    sayFailure(error);
  }
  await update();
};

/** @type {Record<string, (row: DOMStringMap) => Promise<unknown>>} */
const actions = {
  resume: ({ key, state, thumbprint, name, recovery }) =>
    add({ name, recovery: recovery === "true", resume: { id: key, state, thumbprint } }),

  restart: async ({ key = "", name, recovery, cn }) => {
    await functions.discard({ id: key });
    await add({ name, recovery: recovery === "true", commonName: cn, mode: "server" });
  },

  edit: async ({ key = "", name = "", recovery }) => {
    /** @type {HTMLDialogElement} */
    const dialog = one("#edit-dialog");
    /** @type {HTMLInputElement} */
    const field = one("#edit-name");
    field.value = name;
    /** @type {HTMLInputElement} */ (one(`#edit-dialog [value="${recovery === "true" ? "recovery" : "personal"}"]`)).checked = true;
    if (!(await ask(dialog))) return;
    const use = new FormData(one("#edit-dialog form")).get("use");
    await change(() => api("PATCH", keyPath(key), { name: field.value, recovery: use === "recovery" }), "saved");
  },

  delete: async ({ key = "", name = "", plis, tenders = "" }) => {
    if (Number(plis) > 0) {
      throw new PortalError({ code: "portal-refused", detail: `plis: ${plis}: ${tenders}` }); // as the portal would say
    }
    /** @type {HTMLDialogElement} */
    const dialog = one("#delete-dialog");
    one("[data-name]", dialog).textContent = name;
    if (await ask(dialog)) await change(() => api("DELETE", keyPath(key)), "deleted");
  },
};

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  if (target.closest("#add-key")) void add({});
  if (target.closest("#verify-keys")) void verify();
  /** @type {HTMLElement | null} */
  const button = target.closest("[data-action]");
  /** @type {HTMLElement | null | undefined} */
  const row = button?.closest("tr[data-key]");
  if (button && row) actions[button.dataset.action ?? ""]?.(row.dataset).catch(sayFailure);
});

watch({ host: true, onChange: () => void mark() });
