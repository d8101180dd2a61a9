// What the pages of the portal share: texts, messages, calls of the portal's
// own API, and showing a failure.

/** @typedef {{code: string, detail?: string, message?: string, remedy?: string}} Fault */

/** @type {{lang: string, texts: Record<string, string>, faults: Record<string, {message: string, remedy: string}>, page: any}} */
export const data = JSON.parse(document.getElementById("page-data")?.textContent ?? "{}");

/**
 * One of the page's elements, which has to be there.
 * @template {Element} [E=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {E}
 */
export const one = (selector, within = document) => {
  const found = within.querySelector(selector);
  if (!found) throw new Error(`no ${selector}`);
  return /** @type {E} */ (found);
};

/** @type {(key: string, ...values: (string | number)[]) => string} */
export const text = (key, ...values) =>
  values.reduce((/** @type {string} */ all, value, i) => all.replace(`{${i}}`, () => String(value)), data.texts[key] ?? key);

const csrf = document.querySelector('meta[name="csrf"]')?.getAttribute("content") ?? "";

/** @type {(code: string) => string} where the guide, which the portal publishes, explains a code */
export const guide = (code) => `/aide/help-${data.lang === "en" ? "en" : "fr"}.html#${code}`;

/** A refusal of the portal, with the code that scelle.js passes on. */
export class PortalError extends Error {
  /** @param {Fault} fault */
  constructor(fault) {
    super(fault.code);
    this.code = fault.code;
    this.detail = fault.detail;
    this.help = guide(fault.code);
  }
}

/** @type {(body: unknown) => PortalError} */
export const refusal = (body) => {
  const fault = /** @type {{fault?: Fault} | null} */ (body)?.fault;
  return new PortalError(fault?.code ? fault : { code: "portal-failed" });
};

/**
 * Calls the portal's API; JSON in and out.
 * @type {(method: string, path: string, body?: unknown) => Promise<any>}
 */
export const api = async (method, path, body) => {
  const response = await send(path, {
    method,
    headers: { "X-CSRF-Token": csrf, ...(body !== undefined && { "Content-Type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return response.status === 204 ? undefined : response.json();
};

/**
 * fetch() of the portal, failing with a PortalError.
 * @type {(path: string, init?: RequestInit) => Promise<Response>}
 */
export const send = async (path, init) => {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new PortalError({ code: "portal-failed", detail: "network" });
  }
  if (!response.ok) throw refusal(await response.json().catch(() => null));
  return response;
};

/** The headers that a changing request needs. */
export const headers = () => ({ "X-CSRF-Token": csrf });

/**
 * The text of a number of things: that of key.one or key.many, with the number first.
 * @type {(key: string, n: number, ...values: (string | number)[]) => string}
 */
export const count = (key, n, ...values) => text(`${key}.${n === 1 ? "one" : "many"}`, n, ...values);

/**
 * The date of a moment, as the portal's pages write it (Day of package text).
 * @type {(at: string) => string}
 */
export const day = (at) => {
  const format = new Intl.DateTimeFormat(data.lang === "en" ? "en-US" : "fr-FR", {
    timeZone: "Europe/Paris", day: data.lang === "en" ? "numeric" : "2-digit", month: data.lang === "en" ? "short" : "2-digit", year: "numeric",
  });
  const parts = Object.fromEntries(format.formatToParts(new Date(at)).map(({ type, value }) => [type, value]));
  return [parts.day, parts.month, parts.year].join(data.lang === "en" ? " " : "/");
};

/** What the portal itself knows better to say than the code. */
const details = /** @type {Record<string, string>} */ ({
  nothing: "nothingtotransfer", right: "right", login: "login", token: "login", deadline: "deadline", network: "network", sha256: "fingerprint", contentSha256: "fingerprint",
});

/**
 * The words for a failure: those of scelle.js, or the portal's own.
 * @param {any} error
 * @returns {{message: string, remedy: string, code: string}}
 */
export const words = (error) => {
  const code = typeof error?.code === "string" ? error.code : "internal";
  const known = data.faults[code] ?? data.faults.internal;
  const detail = String(error?.detail ?? "");
  const plis = /^plis: (\d+): (.*)$/.exec(detail);
  if (plis) return { message: count("dependent", Number(plis[1]), plis[2]), remedy: "", code };
  if (code.startsWith("portal-") || code === "not-permitted") {
    if (details[detail]) return { message: text(details[detail]), remedy: "", code };
  }
  if (error?.remedy) return { message: error.message, remedy: error.remedy, code };
  return { message: known?.message ?? text("failed"), remedy: known?.remedy ?? "", code };
};

/**
 * Says something in the page's live region; a line is a text, or a text and a link.
 * @param {"good" | "bad" | "info"} kind
 * @param {...(string | (string | Node)[])} lines
 */
export const say = (kind, ...lines) => {
  const box = one("#message");
  box.className = `message ${kind}`;
  const paragraph = (/** @type {string | (string | Node)[]} */ line) => {
    const p = document.createElement("p");
    p.append(...[line].flat());
    return p;
  };
  box.replaceChildren(...lines.filter(Boolean).map(paragraph));
  box.hidden = false;
};

/** @param {unknown} error */
export const sayFailure = (error) => {
  const { message, remedy, code } = words(error);
  if (code === "cancelled" || code === "consent-refused") return say("info", message, remedy);
  say("bad", message, remedy, text("code", code));
  const help = /** @type {any} */ (error)?.help;
  if (help) one("#message p:last-child").append(" ", learnMore(help));
};

/**
 * A link to the guide, in a tab of its own: the page stays as it is.
 * @type {(href: string) => HTMLAnchorElement}
 */
export const learnMore = (href) =>
  Object.assign(document.createElement("a"), { href, target: "_blank", rel: "noopener", textContent: text("learn") });

/**
 * Replaces a part of the page by its newest state, which the server renders.
 * @param {string} selector
 */
export const refresh = async (selector) => {
  const response = await send(location.pathname + location.search, { headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  one(selector).replaceWith(document.adoptNode(one(selector, fresh)));
};
