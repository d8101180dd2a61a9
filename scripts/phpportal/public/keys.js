import { scelle } from "/scelle.js";
const say = (text) => void (document.querySelector("output").textContent = text);
const fail = ({ message = "La salle des marchés a refusé.", remedy = "", code }) => say(`${message} ${remedy} (${code})`);
const read = async (answer) => (answer.ok ? answer.json() : Promise.reject((await answer.json()).fault));
const post = (path) => async (args) => read(await fetch(path, { method: "POST", body: JSON.stringify(args) }));
const calls = { submitCertificate: post("/keys"), requestServerKey: post("/server-key"),
  requestChallenge: post("/challenge"), submitProof: post("/proof"), discard: post("/discard") };
const open = async () => scelle.open({ ...(await read(await fetch("/opening"))), fetchEnvelope: ({ id }) => fetch(`/content?id=${id}`) });
document.querySelector("#add-key").onclick = () => scelle.addKeyPair(calls).then(() => say("Le bi-clé est actif."), fail);
document.querySelector("#open").onclick = () => open().then(({ plis }) => say(`Plis ouverts : ${plis.filter((pli) => pli.opened).length}`), fail);
