// What an administrator settled for the extension (shared/policy has the
// table). ScelleManaged.read() resolves with
//   {portals, saving, language, updates, bad}
// portals: the only origins that may be served, undefined when nothing is said;
// saving: opened plis may be saved here; language: "fr", "en" or "" for the
// browser's; updates: the folder to look for newer hosts in, "none" for none, ""
// for the publisher's; bad: the name of a setting that cannot be read. Then nothing goes
// on as if the administrator had said nothing: no portal, no saving, no updates.
(() => {
  "use strict";
  const api = globalThis.browser ?? globalThis.chrome;

  const isText = (v) => typeof v === "string" && v !== "";

  /** An https address that a file's name can be put behind (policy.Folder). */
  const isFolder = (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return url?.protocol === "https:" && url.href === text && text.endsWith("/") && `${url.origin}${url.pathname}` === text;
  };

  /** @type {Record<string, (v: any) => boolean>} */
  const GOOD = {
    allowedPortals: (v) => Array.isArray(v) && v.every(isText),
    saveOpenedPlis: (v) => [true, false, 1, 0].includes(v), // Windows' registry has numbers
    language: (v) => ["fr", "en"].includes(v),
    updateAddress: (v) => v === "none" || (isText(v) && isFolder(v)),
  };

  /** Firefox rejects when no administrator ever said anything. */
  const stored = async () => {
    try {
      return (await api.storage.managed?.get(null)) ?? {};
    } catch {
      return {};
    }
  };

  const read = async () => {
    const values = await stored();
    const bad = Object.keys(GOOD).find((name) => values[name] !== undefined && !GOOD[name](values[name]));
    if (bad) return { portals: [], saving: false, language: "", updates: "none", bad };
    const { allowedPortals: portals, saveOpenedPlis: saving = true, language = "", updateAddress: updates = "" } = values;
    return { portals, saving: Boolean(saving), language, updates, bad: undefined };
  };

  /** "https://*.example.fr" stands for every host below example.fr. */
  const fits = (pattern, origin) => {
    const [scheme, below] = pattern.split("*");
    if (below === undefined) return pattern === origin;
    return scheme === "https://" && below.startsWith(".") && origin.startsWith(scheme) && origin.endsWith(below) && origin.length > scheme.length + below.length;
  };

  /** Whether a portal may be served at all. */
  const allows = ({ portals }, origin) => portals === undefined || portals.some((pattern) => fits(pattern, origin));

  globalThis.ScelleManaged = Object.freeze({ read, allows });
})();
