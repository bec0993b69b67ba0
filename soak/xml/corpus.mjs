// Documents as honest people write them: our own, and libvirt's test data where somebody has put it beside the repository.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { KINDS } from "./kinds.mjs";

const FIXTURES = new URL("fixtures", import.meta.url).pathname;
const SHARED = process.env.POLYVISOR_SHARED ?? new URL("../../../shared", import.meta.url).pathname;
const LARGEST = 64 * 1024;

/** Documents by kind, and the words that they are made of. `golden`: whether libvirt's data is taken too. */
export async function readCorpus({ golden }) {
  const documents = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]));
  for (const folder of [FIXTURES, ...(golden ? await foldersBelow(join(SHARED, "golden")) : [])]) {
    for (const name of (await readdir(folder)).sort()) {
      if (!name.endsWith(".xml")) continue;
      const text = await readFile(join(folder, name), "utf8");
      const kind = text.length < LARGEST ? kindOf(text) : undefined;
      if (kind !== undefined) documents[kind].push(text);
    }
  }
  return { documents, words: wordsOf(Object.values(documents).flat()) };
}

async function foldersBelow(folder) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
}

function kindOf(text) {
  const root = /^(?:\s|<\?.*?\?>|<!--.*?-->)*<(\w+)/s.exec(text)?.[1];
  return Object.keys(KINDS).find((kind) => KINDS[kind].root === root);
}

/** Names of elements and attributes, and values, each once. */
function wordsOf(texts) {
  const words = { elements: new Set(), attributes: new Set(), values: new Set() };
  for (const text of texts) {
    for (const [, name] of text.matchAll(/<([\w:]+)/g)) words.elements.add(name);
    for (const [, name, value] of text.matchAll(/([\w:]+)=["']([^"']*)["']/g)) {
      words.attributes.add(name);
      if (value.length < 40) words.values.add(value);
    }
    for (const [, value] of text.matchAll(/>([^<>\s][^<>]{0,38})</g)) words.values.add(value);
  }
  return Object.fromEntries(Object.entries(words).map(([what, set]) => [what, [...set]]));
}
