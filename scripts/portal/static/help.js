// The help page: marks the section of this system.
import { system, watch } from "./status.js";

const mark = document.querySelector(`#${system()} [data-this]`);
if (mark instanceof HTMLElement) mark.hidden = false;
watch({ host: false });
