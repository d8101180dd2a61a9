// How the keys of a service stand: the server shows what it knows, and
// scelle.health() adds what only this computer knows, in the same words.
import { scelle } from "/scelle.js";
import { api, day, learnMore, one, text } from "./page.js";

const AT_ONCE = 64; // keys in one question
const AGAIN_MILLIS = 3000;
let marking = 0; // the newest marking: an older one that answers late changes nothing

/** @type {(service: string) => Promise<any[]>} */
export const serviceKeys = async (service) => (await api("GET", `/api/keys?service=${encodeURIComponent(service)}`)).keys;

/** What scelle.js asks of a key; the rest of the portal's entry is its own business. */
export const serviceKey = (/** @type {any} */ { id, thumbprint, name, certificate, state, mode, proven, openings }) =>
  ({ id, thumbprint, name, certificate, state, mode, proven, openings });

/** @type {(finding: any) => HTMLLIElement} */
const item = ({ code, level, text: what, remedy, at, help }) => {
  const li = document.createElement("li");
  Object.assign(li.dataset, { level, code });
  li.append(Object.assign(document.createElement("strong"), { textContent: at ? `${what} ${day(at)}` : what }));
  if (level === "bad" || level === "warning") li.append(" ", Object.assign(document.createElement("span"), { textContent: remedy }));
  li.append(" ", learnMore(help));
  return li;
};

/** Where the key is has a column of its own. */
const elsewhere = ["key-elsewhere", "key-unregistered"];

/** @type {(id: string, health: any) => void} */
const draw = (id, { here = "unknown", findings }) => {
  const cell = /** @type {HTMLElement | null} */ (document.querySelector(`tr[data-key="${id}"] [data-present]`));
  const row = /** @type {HTMLElement | null} */ (document.querySelector(`tr[data-health-of="${id}"]`));
  if (!cell || !row) return;
  cell.dataset.present = here;
  cell.textContent = text(`here.${here}`);
  const told = findings.filter((/** @type {any} */ f) => f.level !== "good" && !elsewhere.includes(f.code));
  row.hidden = told.length === 0;
  one("ul", row).replaceChildren(...told.map(item));
};

/**
 * Asks about all keys of a service and marks their rows. A store that cannot
 * be read just now leaves "unknown" and is asked again.
 * @param {string} service
 */
export const markHealth = async (service) => {
  const mine = ++marking;
  let failed = false;
  const keys = await serviceKeys(service).catch(() => []);
  for (let i = 0; i < keys.length && mine === marking; i += AT_ONCE) {
    const some = keys.slice(i, i + AT_ONCE);
    const health = await scelle.health(some.map(serviceKey)).catch(() => undefined);
    if (mine !== marking) return;
    failed ||= !health || Boolean(health.fault);
    some.forEach((key, n) => health && draw(key.id, health.keys[n]));
  }
  if (failed && one("#assistant").dataset.state === "online") setTimeout(() => mine === marking && void markHealth(service), AGAIN_MILLIS);
};
