// Which private keys are on this computer: fills every [data-present] of the
// page, for the thumbprint that it or its row names.
import { scelle } from "/scelle.js";
import { one, text } from "./page.js";

const AT_ONCE = 64; // thumbprints in one question
const AGAIN_MILLIS = 3000;
let marking = 0; // the newest marking: an older one that answers late changes nothing

/** @type {(cell: HTMLElement) => string} */
const thumbprintOf = (cell) => /** @type {HTMLElement | null} */ (cell.closest("[data-thumbprint]"))?.dataset.thumbprint ?? "";

/**
 * Asks about all keys and marks them. A store that cannot be read just now
 * leaves "unknown" and is asked again.
 */
export const markPresent = async () => {
  const mine = ++marking;
  const cells = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-present]"))];
  const thumbprints = [...new Set(cells.map(thumbprintOf))].filter(Boolean);
  let failed = false;
  for (let i = 0; i < thumbprints.length; i += AT_ONCE) {
    const some = thumbprints.slice(i, i + AT_ONCE);
    /** @type {{present: string[], absent: string[]}} */
    const known = await scelle.keysPresent(some).catch(() => {
      failed = true;
      return { present: [], absent: [] };
    });
    if (mine !== marking) return;
    for (const cell of cells.filter((c) => some.includes(thumbprintOf(c)))) {
      const here = known.present?.includes(thumbprintOf(cell)) ? "yes" : known.absent?.includes(thumbprintOf(cell)) ? "no" : "unknown";
      cell.dataset.present = here;
      cell.textContent = text(`here.${here}`);
    }
  }
  if (failed && one("#assistant").dataset.state === "online") setTimeout(() => mine === marking && void markPresent(), AGAIN_MILLIS);
};
