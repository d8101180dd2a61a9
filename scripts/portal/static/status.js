// The assistant's status block: three facts, and for what is missing its text,
// its remedy and the way to the installer for this system, which the portal
// shows first. It follows changes by itself.
import { helpAt, scelle } from "/scelle.js";
import { learnMore, one, text, words } from "./page.js";

helpAt(`/aide/help-${document.documentElement.lang === "en" ? "en" : "fr"}.html`);

/** @type {(fault: any) => {line: string, remedy: string}} */
const explain = (fault) => {
  const { message, remedy } = words(fault);
  return fault.code === "extension-missing" ? { line: text("absent"), remedy: text("absent.remedy") } : { line: message, remedy };
};

/** @type {(status: any, host: boolean) => string} */
const versions = (status, host) => {
  if (!status.extension) return "";
  if (host && status.host.version) return text("versions", status.extension.version, status.host.version);
  return text("version.extension", status.extension.version);
};

/** @type {(box: HTMLElement, status: any, host: boolean) => void} */
const draw = (box, status, host) => {
  const fault = scelle.missing(status, { host });
  const told = fault && explain(fault);
  const put = (/** @type {string} */ name, /** @type {string} */ words) => {
    const place = one(`[data-status-${name}]`, box);
    place.textContent = words;
    place.hidden = !words;
  };
  box.dataset.state = fault ? "offline" : "online";
  box.dataset.fault = fault?.code ?? "";
  put("line", told ? `${text("offline")}. ${told.line}` : text("online"));
  const news = host && status.update?.host ? text("update", status.update.host) : "";
  put("remedy", told?.remedy ?? news);
  if (fault?.help) one("[data-status-remedy]", box).append(" ", learnMore(fault.help));
  put("versions", versions(status, host));
  one("[data-status-more]", box).hidden = !fault;
  const part = fault && (fault.code.startsWith("extension-") || fault.code.startsWith("site-")) ? "extension" : "program";
  const more = /** @type {HTMLAnchorElement} */ (one("[data-status-more] a", box));
  more.href = `/telechargements#${part}`;
  more.onclick = (event) => {
    if (location.pathname === "/telechargements" || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    scelle.install({ page: more.href, host }).catch(() => {}); // this page stays as it is, and follows by itself
  };
};

/**
 * Keeps the page's status block up to date.
 * @param {{host: boolean, onChange?: (status: any) => void}} options
 */
export const watch = ({ host, onChange }) => {
  const box = document.getElementById("assistant");
  if (!box) return;
  scelle.onStatusChange((/** @type {any} */ status) => {
    draw(box, status, host);
    onChange?.(status);
  });
};
