// « Répéter l'ouverture »: a test pli through the whole way of an opening.
import { scelle } from "/scelle.js";
import { api, data, refresh, say, sayFailure, text, words } from "./page.js";

const page = /** @type {{tender: string, reference: string, title: string, lot: string}} */ (data.page);

/** @type {(verb: string) => string} */
const tenderPath = (verb) => `/api/tenders/${encodeURIComponent(page.tender)}/${verb}`;

/** Says what came of it: what opened, and for each key that did not what to do. */
const tell = (/** @type {{label?: string, state: string, fault?: any}[]} */ keys) => {
  const opened = keys.filter(({ state }) => state === "opened").length;
  const failed = keys.filter(({ state }) => state === "failed").map(({ label, fault }) => {
    const { message, remedy } = words(fault ?? {});
    return `${text("notopened", label ?? "", message)} ${remedy}`;
  });
  say(failed.length ? "bad" : "good", opened ? text("rehearsed", opened) : text("notrehearsed"), ...failed);
};

const rehearse = async (/** @type {HTMLButtonElement} */ button) => {
  button.disabled = true;
  say("info", text("rehearsing"));
  try {
    const { recipientList } = await api("GET", `${tenderPath("recipients")}?${new URLSearchParams({ lot: page.lot, kind: "offre" })}`);
    const result = await scelle.rehearse({ tender: page.reference, title: page.title, recipientList });
    await api("POST", tenderPath("rehearsals"), result);
    tell(result.keys);
  } catch (error) {
    sayFailure(error);
  } finally {
    button.disabled = false;
    await refresh("#rehearsals").catch(sayFailure);
  }
};

document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLButtonElement && event.target.id === "rehearse") void rehearse(event.target);
});
