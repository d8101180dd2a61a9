// « Transférer les plis à une autre clé »: content keys are wrapped to new
// keys by the assistant; the portal writes the headers anew.
import { scelle } from "/scelle.js";
import { api, one, refresh, say, sayFailure, send, text, words } from "./page.js";
import { watch } from "./status.js";

const form = () => /** @type {HTMLFormElement | null} */ (document.querySelector("#transfer-form"));

/** @type {(id: string, verb: string) => string} */
const pliPath = (id, verb) => `/api/plis/${encodeURIComponent(id)}/${verb}`;

/** The old key is no choice for a new one. */
const offer = () => {
  const here = form();
  if (!here) return;
  const from = /** @type {HTMLSelectElement} */ (one("#from", here)).value;
  for (const label of /** @type {NodeListOf<HTMLElement>} */ (here.querySelectorAll("[data-target]"))) {
    const box = /** @type {HTMLInputElement} */ (one("input", label));
    box.disabled = label.hidden = label.dataset.target === from;
    if (box.disabled) box.checked = false;
  }
};

/** @type {(wishes: FormData) => URLSearchParams} */
const queryOf = (wishes) => {
  const query = new URLSearchParams({ from: String(wishes.get("from")) });
  for (const key of wishes.getAll("to")) query.append("to", String(key));
  if (wishes.get("tender")) query.set("tender", String(wishes.get("tender")));
  return query;
};

const transfer = async (/** @type {FormData} */ wishes) => {
  const { transferList, plis: heads, more } = await api("GET", `/api/transfers?${queryOf(wishes)}`);
  /** @type {Set<string>} plis whose deadline has passed: the key is tried on the whole content */
  const whole = new Set(heads.filter((/** @type {any} */ pli) => pli.whole).map((/** @type {any} */ pli) => pli.id));
  const { plis } = await scelle.rewrap({
    transferList,
    fetchEnvelope: (/** @type {{id: string}} */ { id }) => send(pliPath(id, whole.has(id) ? "content" : "head")),
    replaceRecipients: (/** @type {{id: string}} */ args) => api("POST", pliPath(args.id, "recipients"), args),
  });
  const failures = plis.filter((/** @type {any} */ { done }) => !done);
  const reasons = new Set(failures.map((/** @type {any} */ { fault }) => words(fault ?? {}).message));
  say(failures.length ? "bad" : "good", text("transferred", plis.length - failures.length, plis.length), ...(/** @type {Set<string>} */ (reasons)), more ? text("transfermore", more) : "");
};

/** @type {(event: SubmitEvent) => Promise<void>} */
const onSubmit = async (event) => {
  event.preventDefault();
  const wishes = new FormData(/** @type {HTMLFormElement} */ (event.target));
  if (wishes.getAll("to").length === 0) return say("bad", text("notarget"));
  const button = /** @type {HTMLButtonElement} */ (one("#transfer-form button"));
  button.disabled = true;
  say("info", text("transferring"));
  try {
    await transfer(wishes);
  } catch (error) {
    sayFailure(error);
  } finally {
    button.disabled = false;
    await Promise.all([refresh("#transfers"), refresh("#transfer-choices")]).catch(sayFailure);
    offer();
  }
};

document.addEventListener("submit", (event) => event.target === form() && void onSubmit(event));
document.addEventListener("change", offer);
watch({ host: true });
offer();
