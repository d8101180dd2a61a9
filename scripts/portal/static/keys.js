// « Clés de chiffrement »: registering, editing and deleting key pairs.
import { scelle } from "/scelle.js";
import { api, data, one, refresh, say, sayFailure, text } from "./page.js";
import { markPresent } from "./present.js";
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

/** Shows the newest lists, and again which private keys are here. */
const update = async () => {
  try {
    await refresh("#keys");
    await markPresent();
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

  delete: async ({ key = "", name = "", plis }) => {
    if (Number(plis) > 0) {
      say("bad", text("dependent"));
      return;
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
  /** @type {HTMLElement | null} */
  const button = target.closest("[data-action]");
  /** @type {HTMLElement | null | undefined} */
  const row = button?.closest("tr[data-key]");
  if (button && row) actions[button.dataset.action ?? ""]?.(row.dataset).catch(sayFailure);
});

watch({ host: true, onChange: () => void markPresent() });
