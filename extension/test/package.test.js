import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "node:test";

const PAGE = new URL("../page/", import.meta.url);
const read = (name) => readFileSync(new URL(name, PAGE), "utf8");
const { exports, dependencies, type } = JSON.parse(read("package.json"));

test("npm pack takes every file of the folder, and nothing is needed from elsewhere", () => {
  const [{ files, name, version }] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: fileURLToPath(PAGE), encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  assert.equal(name, "scelle");
  assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.deepEqual(files.map(({ path }) => path).sort(), readdirSync(PAGE).sort());
  assert.deepEqual([dependencies, type], [undefined, "module"]);
});

test("every module has its types, and declares what it exports", async () => {
  const modules = Object.values(exports).filter((entry) => entry.default);
  assert.equal(modules.length, 3);
  Object.assign(globalThis, { window: globalThis, document: { documentElement: {} } });
  for (const { types, default: file } of modules) {
    const declared = read(types);
    const module = await import(new URL(file, PAGE).href);
    assert.ok(Object.keys(module).length > 0, file);
    for (const [name, value] of Object.entries(module)) {
      assert.match(declared, new RegExp(`export (declare )?(const|function|class) ${name}\\b`), `${types} has no ${name}`);
      if (name === "scelle" || name === "sealing") for (const method of Object.keys(value)) assert.match(declared, new RegExp(`^  ${method}\\(`, "m"), `${types} has no ${method}`);
    }
  }
});

test("every code of the enumeration has words in both languages and its entry in the guide", async () => {
  const { Code, FAULTS } = await import(new URL("codes.js", PAGE).href);
  const codes = Object.values(Code);
  assert.ok(codes.length > 80);
  assert.deepEqual([...codes].sort(), Object.keys(FAULTS).sort());
  for (const lang of ["fr", "en"]) {
    const guide = read(`help-${lang}.html`);
    for (const code of codes) {
      assert.ok(FAULTS[code][lang].text && FAULTS[code][lang].remedy, code);
      assert.ok(guide.includes(`<article id="${code}">`), `${lang}: ${code}`);
    }
  }
});
