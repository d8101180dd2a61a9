// What an administrator settled for the extension (shared/policy has the
// table). ScelleManaged.read() resolves with
//   {portals, saving, language, listKeys, unsigned, bad}
// portals: the only origins that may be served, undefined when nothing is said;
// saving: opened plis may be saved here; language: "fr", "en" or "" for the
// browser's; listKeys: {origin: pins} of the keys that sign lists; unsigned:
// "warn" or "refuse"; bad: the name of a setting that cannot be read. Then
// nothing goes on as if the administrator had said nothing: no portal, no
// saving, no unsigned list.
(() => {
  "use strict";
  const api = globalThis.browser ?? globalThis.chrome;

  const isText = (v) => typeof v === "string" && v !== "";
  const LIST_KEY = /^([a-z]+:\/\/[^\s*/]+) ([0-9a-f]{64})$/;

  /** @type {Record<string, (v: any) => boolean>} */
  const GOOD = {
    allowedPortals: (v) => Array.isArray(v) && v.every(isText),
    saveOpenedPlis: (v) => [true, false, 1, 0].includes(v), // Windows' registry has numbers
    language: (v) => ["fr", "en"].includes(v),
    listKeys: (v) => Array.isArray(v) && v.every((line) => isText(line) && LIST_KEY.test(line)),
    unsignedLists: (v) => ["warn", "refuse"].includes(v),
  };

  /** The lines of listKeys by their origin. @type {(lines?: string[]) => Record<string, string[]>} */
  const pinsOf = (lines = []) => {
    /** @type {Map<string, string[]>} */
    const pins = new Map();
    for (const line of lines) {
      const [origin, pin] = line.split(" ");
      pins.set(origin, [...(pins.get(origin) ?? []), pin]);
    }
    return Object.fromEntries(pins);
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
    const values = /** @type {any} */ (await stored());
    const bad = Object.keys(GOOD).find((name) => values[name] !== undefined && !GOOD[name](values[name]));
    if (bad) return { portals: [], saving: false, language: "", listKeys: {}, unsigned: "refuse", bad };
    return {
      portals: values.allowedPortals,
      saving: Boolean(values.saveOpenedPlis ?? true),
      language: values.language ?? "",
      listKeys: pinsOf(values.listKeys),
      unsigned: values.unsignedLists ?? "warn",
      bad: undefined,
    };
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
