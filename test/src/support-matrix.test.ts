import { readFile } from "node:fs/promises";
import test from "ava";
import { testWith } from "./harness/needs.js";
import { project } from "./harness/project.js";

type Lists = Readonly<Record<string, readonly string[]>>;
interface Outcome {
  readonly faults: readonly string[];
  readonly notes: readonly string[];
}
interface Matrix {
  judge(record: { readonly calls: Lists; readonly whole: boolean }, declared: Lists, known: Lists): Outcome;
  newlySeen(record: { readonly calls: Lists; readonly whole: boolean }, declared: Lists, known: Lists): Lists;
}

const matrix = (await import(`${project}scripts/lib/matrix.mjs`)) as Matrix;

/** libvirt's public calls by driver and part, where the data is at hand. */
const REFERENCE = await readFile(`${project}../shared/reference/api-matrix.json`, "utf8").then(
  (text) => JSON.parse(text) as Record<string, Lists>,
  () => undefined,
);
const IS_HERE = { name: "needs the reference data", met: REFERENCE !== undefined, kind: "data" } as const;

testWith("every call of the support matrix is one of libvirt's public API", [IS_HERE], async (t) => {
  const known = new Set(Object.values(REFERENCE ?? {}).flatMap((parts) => Object.values(parts).flat()));
  const lists = JSON.parse(await readFile(`${project}docs/support-matrix.json`, "utf8")) as Lists;
  const table = await readFile(`${project}docs/support-matrix.md`, "utf8");
  const rows = [...table.matchAll(/^\| (vir\w+) \|/gm)].map(([, call]) => call ?? "");
  t.deepEqual(
    [...Object.values(lists).flat(), ...rows].filter((call) => !known.has(call)),
    [],
  );
});

const DECLARED = { mine: ["virConnectGetType", "virConnectOpen", "virDomainCreate"] };
const KNOWN = { mine: ["virConnectGetType", "virConnectOpen"] };

test("a run of all tests proves the list both ways", (t) => {
  const calls = (...names: string[]) => ({ calls: { mine: names, other: ["domainReset"] }, whole: true });
  t.deepEqual(matrix.judge(calls("connectOpen", "connectGetType", "authList"), DECLARED, KNOWN).faults, []);
  t.deepEqual(matrix.judge(calls("connectOpen", "connectGetType", "domainCreate"), DECLARED, KNOWN).faults, [
    "answered, and not listed: mine: virDomainCreate",
  ]);
  t.deepEqual(matrix.judge(calls("virConnectOpen"), DECLARED, KNOWN).faults, [
    "listed, and no test saw it answered: mine: virConnectGetType",
  ]);
  t.deepEqual(matrix.judge(calls("connectOpen"), { mine: ["virConnectOpen"] }, KNOWN).faults.slice(0, 1), [
    "listed, and no longer declared: mine: virConnectGetType",
  ]);
  t.deepEqual(matrix.newlySeen(calls("domainCreate"), DECLARED, KNOWN), { mine: ["virDomainCreate"] });
});

test("a run of some tests proves only what it saw, and says so", (t) => {
  const record = { calls: { mine: ["connectOpen"] }, whole: false };
  t.deepEqual(matrix.judge(record, DECLARED, KNOWN), {
    faults: [],
    notes: ["not all tests ran, and those that did have seen no answer to 1 of the calls that are listed"],
  });
  const more = { calls: { mine: ["domainCreate"] }, whole: false };
  t.deepEqual(matrix.judge(more, DECLARED, KNOWN).faults, ["answered, and not listed: mine: virDomainCreate"]);
  t.deepEqual(matrix.newlySeen(more, DECLARED, KNOWN), DECLARED);
});
