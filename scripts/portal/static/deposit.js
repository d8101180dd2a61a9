// A company's answer: sealed in this page by the extension, sent by this page.
import { scelle } from "/scelle.js";
import { api, data, headers, one, PortalError, refusal, say, sayFailure, text, words } from "./page.js";
import { watch } from "./status.js";

const page = /** @type {{tender: string, depositor: string}} */ (data.page);
/** @type {HTMLFormElement | null} */
const form = document.querySelector("#deposit-form");

/** @type {(label: string, done: number, total: number) => void} */
const progress = (label, done, total) => {
  one("#progress").hidden = false;
  const share = total > 0 ? Math.min(done / total, 1) : 0;
  one("#progress-label").textContent = `${label} (${Math.floor(share * 100)} %)`;
  /** @type {HTMLProgressElement} */ (one("#bar")).value = share;
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
    request.upload.onprogress = ({ loaded, total }) => progress(text("uploading"), loaded, total);
    request.onload = () => (request.status === 200 ? resolve(request.response) : reject(refusal(request.response)));
    request.onerror = () => reject(new PortalError({ code: "portal-failed", detail: "network" }));
    request.onabort = () => reject(new PortalError({ code: "cancelled" }));
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) reject(new PortalError({ code: "cancelled" }));
    else request.send(file);
  });

/** @type {(files: File[], fields: FormData, signal: AbortSignal) => Promise<any>} */
const deposit = async (files, fields, signal) => {
  const place = new URLSearchParams({ lot: String(fields.get("lot") ?? ""), kind: String(fields.get("kind")) });
  const path = `/api/tenders/${encodeURIComponent(page.tender)}`;
  const { recipients, tender, lot, kind } = await api("GET", `${path}/recipients?${place}`);
  const sealed = await scelle.seal({
    files, recipients, tender, lot, kind, depositor: page.depositor, signal,
    onProgress: (/** @type {{done: number, total: number}} */ { done, total }) => progress(text("sealing"), done, total),
  });
  try {
    const { name, sha256, contentSha256 } = sealed;
    const query = new URLSearchParams([...place, ["name", name], ["sha256", sha256], ["contentSha256", contentSha256]]);
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

form?.addEventListener("submit", (event) => void onSubmit(event));
watch({ host: false });
