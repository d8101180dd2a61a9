import { scelle } from "/scelle.js";
const say = (text) => void (document.querySelector("output").textContent = text);
const fail = ({ message = "La salle des marchés a refusé.", remedy = "", code }) => say(`${message} ${remedy} (${code})`);
const read = async (answer) => (answer.ok ? answer.json() : Promise.reject((await answer.json()).fault));
const deposit = async (files) => {
  const { file, name, sha256, contentSha256 } = await scelle.seal({ files, kind: "offre", ...(await read(await fetch("/recipients"))) });
  const query = new URLSearchParams({ name, sha256, contentSha256, kind: "offre" });
  return read(await fetch(`/plis?${query}`, { method: "PUT", body: file }));
};
document.querySelector("#deposit").onclick = () => deposit(document.querySelector("#files").files).then(({ id }) => say(`Pli déposé : ${id}`), fail);
