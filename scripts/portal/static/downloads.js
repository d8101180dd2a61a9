// The installers' page: its status turns online by itself, and commands can be
// copied. Whoever was sent here from another page is led back to it.
import { scelle } from "/scelle.js";
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
scelle.comeBack({ host: data.page.host }).then((back) => {
  if (!back) return;
  one("#back").hidden = false;
  one("#back button").onclick = back;
  one("#back button").focus();
});
