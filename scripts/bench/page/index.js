// The browser's half of `make bench`. Each function runs one measure and
// returns its time in milliseconds.
"use strict";

const chosen = () => document.querySelector("#file").files[0];

/** Runs a script in a Worker of its own, which ends with {ms} or {error}. */
const inWorker = (script, message) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(script);
    const end = (settle, value) => {
      worker.terminate();
      settle(value);
    };
    worker.onmessage = ({ data }) => (data.error ? end(reject, new Error(data.error)) : end(resolve, data.ms));
    worker.onerror = (event) => end(reject, new Error(event.message));
    worker.postMessage(message);
  });

globalThis.measure = (part) => inWorker("go-worker.js", { part, file: chosen() });

/** The limit: the same pieces of the file, into the same kind of file. */
globalThis.copy = () => inWorker("copy-worker.js", { file: chosen() });

/** One call of the browser's own cipher for everything. */
globalThis.oneShot = async (verb, name, size) => {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const key = await crypto.subtle.importKey("raw", raw, name, false, ["encrypt", "decrypt"]);
  const algorithm = { name, iv: raw.slice(0, name === "AES-GCM" ? 12 : 16) };
  let input = new Uint8Array(size).fill(7);
  if (verb === "decrypt") input = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, input));
  const start = performance.now();
  await crypto.subtle[verb](algorithm, key, input);
  return performance.now() - start;
};

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** PKI.js: AES-256-GCM, one RSA recipient, the whole message in memory. */
globalThis.pkijs = async (verb, size, certificate, key) => {
  const [pki, asn1] = await Promise.all([import("pkijs"), import("asn1js")]);
  const limits = { maxContentLength: 2 ** 31, maxNodes: 1e6 };
  const recipient = pki.Certificate.fromBER(bytesOf(certificate));
  const input = new Uint8Array(size).fill(7);
  let start = performance.now();
  const envelope = new pki.EnvelopedData();
  envelope.addRecipientByCertificate(recipient, { oaepHashAlgorithm: "SHA-256" });
  await envelope.encrypt({ name: "AES-GCM", length: 256 }, input.buffer);
  const content = new pki.ContentInfo({ contentType: pki.ContentInfo.ENVELOPED_DATA, content: envelope.toSchema() });
  const sealed = content.toSchema().toBER();
  if (verb === "encrypt") return performance.now() - start;
  start = performance.now();
  const parsed = asn1.fromBER(sealed, limits);
  if (parsed.offset === -1) throw new Error(parsed.result.error);
  const read = new pki.ContentInfo({ schema: parsed.result });
  const opened = await new pki.EnvelopedData({ schema: read.content }).decrypt(0, {
    recipientCertificate: recipient,
    recipientPrivateKey: bytesOf(key).buffer,
  });
  if (opened.byteLength !== size) throw new Error(`PKI.js gave ${opened.byteLength} bytes`);
  return performance.now() - start;
};

const script = (src) =>
  new Promise((resolve, reject) => {
    const element = document.createElement("script");
    Object.assign(element, { src, onload: resolve, onerror: () => reject(new Error(src)) });
    document.head.append(element);
  });

/** node-forge: AES-256-CBC, which is the best that it has for messages. */
globalThis.nodeForge = async (verb, size, certificatePEM, keyPEM) => {
  if (!globalThis.forge) await script("/npm/node-forge/dist/forge.min.js");
  const { forge } = globalThis;
  const recipient = forge.pki.certificateFromPem(certificatePEM);
  const envelope = forge.pkcs7.createEnvelopedData();
  envelope.addRecipient(recipient);
  envelope.content = forge.util.createBuffer("\x07".repeat(size));
  let start = performance.now();
  envelope.encrypt();
  const sealed = forge.asn1.toDer(envelope.toAsn1()).getBytes();
  if (verb === "encrypt") return performance.now() - start;
  start = performance.now();
  const read = forge.pkcs7.messageFromAsn1(forge.asn1.fromDer(sealed));
  read.decrypt(read.recipients[0], forge.pki.privateKeyFromPem(keyPEM));
  if (read.content.length() !== size) throw new Error(`node-forge gave ${read.content.length()} bytes`);
  return performance.now() - start;
};
