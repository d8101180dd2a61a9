// The receipt's « Imprimer » button.
document.getElementById("print")?.addEventListener("click", () => window.print());
