// A company's answer: sealed in this page by the extension, or, where there is
// none and the person accepts less protection, by the page itself; sent by the
// page.
import { scelle } from "/scelle.js";
import { api, data, headers, one, PortalError, refusal, say, sayFailure, text, words } from "./page.js";
import { minutes, pace } from "./pace.js";
import { watch } from "./status.js";

const page = /** @type {{tender: string, depositor: string}} */ (data.page);
/** @type {HTMLFormElement | null} */
const form = document.querySelector("#deposit-form");

/** @type {HTMLInputElement | null} the wish to seal without the extension, where the portal offers it */
const here = document.querySelector("#seal-here");

/** @type {() => Promise<any>} what seals: the extension, or this page */
const sealer = async () => (here?.checked ? (await import("/sealing.js")).sealing : scelle);

/** @type {(milliseconds: number | null) => string} */
const timeLeft = (milliseconds) => {
  if (milliseconds === null) return "";
  const n = minutes(milliseconds);
  return n === 0 ? text("left.seconds") : text(n === 1 ? "left.minute" : "left.minutes", n);
};

/**
 * Shows how far a step is, and how long it takes yet.
 * @type {(label: string) => (done: number, total: number) => void}
 */
const progress = (label) => {
  const left = pace();
  return (done, total) => {
    one("#progress").hidden = false;
    const share = total > 0 ? Math.min(done / total, 1) : 0;
    one("#progress-label").textContent = total > 0 ? `${label} (${Math.floor(share * 100)} %). ${timeLeft(left(done, total))}` : `${label}…`;
    /** @type {HTMLProgressElement} */ (one("#bar")).value = share;
  };
};

/**
 * Sends the sealed file. XMLHttpRequest, because fetch reports no progress of
 * what it sends.
 * @type {(path: string, file: File, signal: AbortSignal) => Promise<any>}
 */
const upload = (path, file, signal) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", "application/pkcs7-mime");
    const sent = progress(text("uploading"));
    request.upload.onprogress = ({ loaded, total }) => sent(loaded, total);
    request.onload = () => (request.status === 200 ? resolve(request.response) : reject(refusal(request.response)));
    request.onerror = () => reject(new PortalError({ code: "portal-failed", detail: "network" }));
    request.onabort = () => reject(new PortalError({ code: "cancelled" }));
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) reject(new PortalError({ code: "cancelled" }));
    else request.send(file);
  });

const path = `/api/tenders/${encodeURIComponent(page.tender)}`;

/** @type {(fields: FormData) => URLSearchParams} */
const placeOf = (fields) => new URLSearchParams({ lot: String(fields.get("lot") ?? ""), kind: String(fields.get("kind")) });

/** @type {(files: File[], fields: FormData, signal: AbortSignal) => Promise<any>} */
const deposit = async (files, fields, signal) => {
  const place = placeOf(fields);
  const { recipientList, tender, lot, kind } = await api("GET", `${path}/recipients?${place}`);
  const { seal } = await sealer();
  const steps = { load: progress(text("loading")), seal: progress(text("sealing")) };
  const sealed = await seal({
    files, recipientList, tender, lot, kind, depositor: page.depositor, signal,
    onProgress: (/** @type {{step: string, done: number, total: number}} */ { step, done, total }) => (steps[step] ?? steps.seal)(done, total),
  });
  try {
    const { name, sha256, contentSha256 } = sealed;
    const sealedBy = sealed.weaker ? "page" : "extension";
    const query = new URLSearchParams([...place, ...Object.entries({ name, sha256, contentSha256, sealedBy })]);
    return { receipt: await upload(`${path}/plis?${query}`, sealed.file, signal), leftOut: sealed.leftOut ?? [] };
  } finally {
    await sealed.release().catch(() => {}); // the page's end releases it too
  }
};

/** @type {(running: boolean) => void} */
const setRunning = (running) => {
  /** @type {HTMLButtonElement} */ (one("#deposit")).disabled = running;
  one("#cancel").hidden = !running;
  one("#progress").hidden = !running;
};

/** @type {(event: SubmitEvent) => Promise<void>} */
const onSubmit = async (event) => {
  event.preventDefault();
  const target = /** @type {HTMLFormElement} */ (event.currentTarget);
  const files = [...(/** @type {HTMLInputElement} */ (one("#files")).files ?? [])];
  if (files.length === 0) return say("bad", text("nofile"));
  const stop = new AbortController();
  one("#cancel").onclick = () => stop.abort();
  one("#message").hidden = true;
  setRunning(true);
  try {
    const { receipt, leftOut } = await deposit(files, new FormData(target), stop.signal);
    for (const { label, thumbprint } of leftOut) console.info(text("leftout", label || thumbprint));
    say("good", text("deposited"));
    location.assign(receipt.receipt);
  } catch (error) {
    if (words(error).code === "cancelled") say("info", text("cancelled"));
    else sayFailure(error);
  } finally {
    setRunning(false);
  }
};

/** @type {(line: string, name?: string) => HTMLElement} */
const element = (line, name = "p") => Object.assign(document.createElement(name), { textContent: line });

/** One key: who it is, when it ends, its thumbprint, and why it receives nothing. */
const recipient = (/** @type {any} */ { label, commonName, recovery, notAfter, thumbprint, fault }) => {
  const item = document.createElement("li");
  const end = new Date(notAfter).toLocaleDateString(data.lang);
  item.append(element(label || commonName || thumbprint, "strong"), ` (${text(recovery ? "to.recovery" : "to.personal")}, ${text("to.expires", end)}) `);
  if (fault) item.append(element(`${text("to.out", words(fault).message)} `));
  item.append(element(thumbprint, "code"));
  item.dataset.recipient = fault ? fault.code : "receives";
  return item;
};

/** Who would receive the pli, and whether the page itself read the list. */
const listed = async (/** @type {object} */ wishes) => ({ ...(await (await sealer()).recipients(wishes)), page: here?.checked ?? false });

let asking = 0; // the newest question: the answer to an older one changes nothing

/** Shows who would receive the pli, as the extension has verified it. */
const showRecipients = async () => {
  const mine = ++asking;
  const to = one("#to-list");
  to.replaceChildren(element(text("to.checking")));
  try {
    const { recipientList, tender, lot } = await api("GET", `${path}/recipients?${placeOf(new FormData(/** @type {HTMLFormElement} */ (form)))}`);
    const { list, recipients, page, closed, fault } = await listed({ recipientList, tender, lot });
    if (mine !== asking) return;
    const names = document.createElement("ul");
    names.append(...recipients.map(recipient));
    const state = page ? [element(text("to.page"))] : list.signed ? [element(text("to.signed")), element(list.pin, "code")] : [element(text("to.unsigned"))];
    if (list.first) state.push(element(text("to.first")));
    if (fault) state.push(element(words(fault).message), element(words(fault).remedy));
    else if (closed) state.push(element(text("to.late")));
    to.replaceChildren(...state, names);
    to.dataset.signed = String(list.signed);
  } catch (error) {
    if (mine !== asking) return;
    const { message, remedy } = words(error);
    to.replaceChildren(element(message), element(remedy));
  }
};

const details = /** @type {HTMLDetailsElement | null} */ (document.querySelector("#to"));
details?.addEventListener("toggle", () => void (details.open && showRecipients()));
form?.querySelector("#lot")?.addEventListener("change", () => void (details?.open && showRecipients()));
form?.addEventListener("submit", (event) => void onSubmit(event));

/** The page seals by itself only while there is no extension. */
const offerHere = (/** @type {any} */ { extension }) => {
  if (!here) return;
  one("#here").hidden = Boolean(extension);
  if (extension) here.checked = false;
};
here?.addEventListener("change", () => void (details?.open && showRecipients()));
watch({ host: false, onChange: offerHere });
