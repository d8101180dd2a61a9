// The installers' page: its status turns online by itself, and commands can be
// copied.
import { data, one, text } from "./page.js";
import { watch } from "./status.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!(button instanceof HTMLElement)) continue;
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const lines = one("code", /** @type {HTMLElement} */ (button.parentElement)).textContent ?? "";
    try {
      await navigator.clipboard.writeText(lines);
      button.textContent = text("copied");
    } catch {
      button.hidden = true; // not allowed here: the lines can still be selected
    }
  });
}
watch({ host: data.page.host });
