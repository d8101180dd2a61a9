// The buyer's consultation: opening plis after the deadline.
import { scelle } from "/scelle.js";
import { api, data, headers, one, refresh, say, sayFailure, send, text, words } from "./page.js";
import { markPresent } from "./present.js";
import "./rehearse.js";
import { watch } from "./status.js";

const page = /** @type {{tender: string, reference: string, title: string, plis: {id: string, label: string}[]}} */ (data.page);
const MAX_PLIS = 500; // of one opening
/** @type {HTMLFormElement | null} */
const form = document.querySelector("#open-form");

/** @type {(id: string, verb: string) => string} */
const pliPath = (id, verb) => `/api/plis/${encodeURIComponent(id)}/${verb}`;

/** Hands the opened files of one pli to the portal. */
const receiveOpened = async (/** @type {{id: string, files: {name: string, sha256?: string, file: File}[]}} */ { id, files }) => {
  for (const { name, sha256 = "", file } of files) {
    const query = new URLSearchParams({ name, sha256 });
    await send(`${pliPath(id, "files")}?${query}`, { method: "POST", headers: headers(), body: file });
  }
};

/** @type {Map<string, object>} openings that the portal could not note yet, by the pli's id */
const unnoted = new Map();

/** @type {(id: string) => Promise<void>} */
const note = async (id) => {
  await api("POST", pliPath(id, "opened"), unnoted.get(id));
  unnoted.delete(id);
};

/** Notes an opening as soon as it is known: what was opened is not asked for again after an interruption. */
const reportOpened = async (/** @type {any} */ { id, opened, authenticated, sha256, contentSha256, files }) => {
  if (!opened) return;
  unnoted.set(id, { authenticated, sha256, contentSha256, files });
  await note(id);
};

const receiveRecord = (/** @type {object} */ record) => api("POST", `/api/tenders/${encodeURIComponent(page.tender)}/records`, record);

/** @type {(plis: any[]) => string[]} what to tell about those that were not opened */
const failuresOf = (plis) =>
  plis.filter(({ opened }) => !opened)
    .map(({ id, fault }) => text("notopened", page.plis.find((pli) => pli.id === id)?.label ?? id, words(fault ?? {}).message));

/** @type {(event: SubmitEvent) => Promise<void>} */
const onSubmit = async (event) => {
  event.preventDefault();
  const target = /** @type {HTMLFormElement} */ (event.currentTarget);
  const button = /** @type {HTMLButtonElement} */ (one("button", target));
  const wishes = new FormData(target);
  const chosen = page.plis.filter(({ id }) => wishes.getAll("pli").includes(id));
  if (chosen.length === 0 || chosen.length > MAX_PLIS) {
    say("bad", text(chosen.length === 0 ? "nopli" : "manyplis", MAX_PLIS));
    return;
  }
  button.disabled = true;
  say("info", text("opening"));
  try {
    const query = new URLSearchParams(chosen.map(({ id }) => ["pli", id]));
    const { openingList } = await api("GET", `/api/tenders/${encodeURIComponent(page.tender)}/opening?${query}`);
    const { plis } = await scelle.open({
      tender: page.reference, title: page.title, plis: chosen, openingList, reportOpened, receiveRecord,
      fetchEnvelope: (/** @type {{id: string}} */ { id }) => send(pliPath(id, "content")),
      ...(wishes.get("handover") === "yes" && { receiveOpened }),
    });
    const failures = failuresOf(plis);
    say(failures.length ? "bad" : "good", text("opened", plis.length - failures.length, plis.length), ...failures);
  } catch (error) {
    sayFailure(error);
  } finally {
    button.disabled = false;
    await Promise.all([...unnoted.keys()].map(note)).catch(sayFailure);
    await Promise.all([refresh("#plis-list"), refresh("#records")]).catch(sayFailure);
    markAll();
    await markPresent();
  }
};

const boxes = () => [.../** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('input[name="pli"]'))];
/** @type {HTMLInputElement | null} */
const allBox = document.querySelector("#all-plis");

/** The box of all shows what the boxes of each say together. */
const markAll = () => {
  if (!allBox) return;
  const ticked = boxes().filter((box) => box.checked).length;
  allBox.checked = ticked === boxes().length;
  allBox.indeterminate = ticked > 0 && !allBox.checked;
};

document.addEventListener("change", (event) => {
  if (event.target === allBox) for (const box of boxes()) box.checked = allBox?.checked ?? false;
  markAll();
});

form?.addEventListener("submit", (event) => void onSubmit(event));
watch({ host: true, onChange: () => void markPresent() });
markAll();
