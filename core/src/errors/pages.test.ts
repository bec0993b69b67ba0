import { readdir, readFile } from "node:fs/promises";
import test from "ava";
import { ERRORS, type ErrorName, PLUGIN_PROBLEMS, pageOf } from "../index.js";

const DOCS = new URL("../../../docs/", import.meta.url);
const PAGES = new URL("errors/", DOCS);
const NAMES = [...Object.keys(ERRORS), ...PLUGIN_PROBLEMS];

const textOf = (name: string): Promise<string> => readFile(new URL(`${name}.md`, PAGES), "utf8");

test("every error code and every problem of a plugin has a page, and no page is of anything else", async (t) => {
  const names = (await readdir(PAGES)).map((file) => file.replace(/\.md$/, ""));
  t.deepEqual(names.sort(), [...NAMES, "README"].sort());
  t.is(pageOf("NO_DOMAIN"), "docs/errors/NO_DOMAIN.md");
});

test("a page says what it means, when it comes and what to do, and its number and words are those of the code", async (t) => {
  for (const name of NAMES) {
    const [title, head = "", means = "", when = "", advice = "", ...more] = (await textOf(name))
      .trimEnd()
      .split("\n\n");
    t.is(title, `# ${name}`);
    t.deepEqual([when.startsWith("**When.** "), advice.startsWith("**What to do.** "), more], [true, true, []], name);
    for (const part of [means, when.slice(10), advice.slice(16)]) t.true(part.length > 10, `${name}: ${part}`);
    const words = Object.hasOwn(ERRORS, name) ? ERRORS[name as ErrorName] : undefined;
    if (words === undefined) continue;
    t.true(head.startsWith(`\`VIR_ERR_${name}\`, number ${words.code}: `), head);
    if (words.bare !== "") t.true(head.endsWith(`: \`${words.detail.replace("%s", "…")}\``), head);
  }
});

test("the index has each page once, with the number and the words of a code", async (t) => {
  const index = (await textOf("README")).split("\n");
  for (const name of NAMES) {
    const rows = index.filter((line) => line.startsWith(`| [${name}](${name}.md) |`));
    t.is(rows.length, 1, name);
    const words = Object.hasOwn(ERRORS, name) ? ERRORS[name as ErrorName] : undefined;
    if (words !== undefined) t.true(rows[0]?.startsWith(`| [${name}](${name}.md) | ${words.code} |`), name);
  }
});

test("what pages point to is there", async (t) => {
  for (const name of [...NAMES, "README"])
    for (const [, file = "", anchor] of (await textOf(name)).matchAll(/\]\(([^)#]+)(?:#([^)]+))?\)/g)) {
      const text = await readFile(new URL(file, PAGES), "utf8");
      const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, words = ""]) => slug(words));
      if (anchor !== undefined) t.true(headings.includes(anchor), `${name}: ${file}#${anchor}`);
    }
});

function slug(words: string): string {
  return words
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .replaceAll(" ", "-");
}
