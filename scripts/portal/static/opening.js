// The buyer's consultation: opening plis after the deadline.
import { scelle } from "/scelle.js";
import { api, data, headers, one, refresh, say, sayFailure, send, text, words } from "./page.js";
import { watch } from "./status.js";

const page = /** @type {{reference: string, title: string, plis: {id: string, label: string}[]}} */ (data.page);
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

/** @type {(plis: any[]) => Promise<string[]>} notes the openings; returns what to tell about the others */
const report = async (plis) => {
  const failures = [];
  for (const { id, opened, fault, authenticated, sha256, contentSha256, files } of plis) {
    if (opened) await api("POST", pliPath(id, "opened"), { authenticated, sha256, contentSha256, files });
    else failures.push(text("notopened", page.plis.find((pli) => pli.id === id)?.label ?? id, words(fault ?? {}).message));
  }
  return failures;
};

/** @type {(event: SubmitEvent) => Promise<void>} */
const onSubmit = async (event) => {
  event.preventDefault();
  const target = /** @type {HTMLFormElement} */ (event.currentTarget);
  const button = /** @type {HTMLButtonElement} */ (one("button", target));
  const handOver = new FormData(target).get("handover") === "yes";
  button.disabled = true;
  say("info", text("opening"));
  try {
    const { plis } = await scelle.open({
      tender: page.reference, title: page.title, plis: page.plis,
      fetchEnvelope: (/** @type {{id: string}} */ { id }) => send(pliPath(id, "content")),
      ...(handOver && { receiveOpened }),
    });
    const failures = await report(plis);
    await refresh("#plis-list");
    say(failures.length ? "bad" : "good", text("opened", plis.length - failures.length, plis.length), ...failures);
  } catch (error) {
    sayFailure(error);
  } finally {
    button.disabled = false;
  }
};

form?.addEventListener("submit", (event) => void onSubmit(event));
watch({ host: true });
