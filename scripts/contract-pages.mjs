// Writes the generated parts of docs/contracts: of each page the calls of the contract, of README.md the table of all.
// `--check` fails where one is stale. Reads what the build has made.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CONTRACTS, contractId, hypervisorApi, publicName } from "@polyvisor/core";
import * as conformance from "@polyvisor/sdk/conformance";
import { callDocs, plainFields, wireOnly } from "./lib/contract-text.mjs";

const project = new URL("..", import.meta.url).pathname;
const folder = join(project, "docs/contracts");

/** What the daemon itself provides, beside plugins. */
const DAEMONS = { auth: "the daemon: SCRAM, polkit", policy: "the daemon: rules, polkit" };

/** Parts of the API that are contracts of their own. */
const SUB_DRIVERS = ["network", "storage", "nodedev", "interface", "nwfilter", "secret"];

const docs = await callDocs();
const pages = { README: ["table", stabilityTable(await servedBy(), kits())] };
for (const contract of CONTRACTS) {
  Object.assign(docs, await callDocs(contract.name));
  pages[contract.name] = ["calls", callsOf(contract)];
}

const stale = [];
for (const [name, [mark, lines]] of Object.entries(pages)) {
  const path = join(folder, `${name}.md`);
  const old = await readFile(path, "utf8").catch(() => "");
  const present = withPart(old, mark, lines, path);
  if (present === old) continue;
  if (process.argv.includes("--check")) stale.push(`docs/contracts/${name}.md`);
  else await writeFile(path, present);
}
if (stale.length > 0) {
  console.error(`${stale.join(", ")}: stale. npm run contracts writes them anew`);
  process.exitCode = 1;
}

function withPart(text, mark, lines, path) {
  const [begin, end] = [`<!-- ${mark}: npm run contracts writes what follows -->`, `<!-- end of ${mark} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} has no place for its ${mark}: ${begin} ... ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${lines.join("\n")}\n\n${text.slice(to)}`;
}

function callsOf(contract) {
  if (contract.name === "hypervisor") return hypervisorCalls();
  return SUB_DRIVERS.includes(contract.name)
    ? subDriverCalls(contract.api)
    : Object.entries(contract.api).flatMap(section);
}

function subDriverCalls(api) {
  return [
    "| call | libvirt's | takes | gives | needs | |",
    "|---|---|---|---|---|---|",
    ...Object.entries(api).map(([name, entry]) => {
      const cells = [
        `\`${name}\``,
        publicName(name),
        plainFields(entry.args, wireOnly(entry)),
        givenBy(entry),
        permissions(entry),
        docOf(name),
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  ];
}

/** A call of a contract that no client of libvirt reaches. */
function section([name, entry]) {
  return [
    `### ${name} (${entry.number})`,
    "",
    docOf(name),
    "",
    `Takes ${braced(plainFields(entry.args))}; gives ${entry.descriptors === "given" ? "an open descriptor" : braced(givenBy(entry))}.`,
    "",
  ];
}

function braced(fields) {
  return fields === "" ? "nothing" : `\`${fields}\``;
}

function givenBy(entry) {
  if (entry.stream !== undefined) return `a stream to ${entry.stream}`;
  return plainFields(entry.ret, wireOnly(entry));
}

function permissions({ aclText, aclFilter }) {
  const lists = aclFilter ? [`lists: ${aclFilter.object}:${aclFilter.permission}`] : [];
  return [...aclText, ...lists].map((text) => `\`${text.replaceAll("|", "\\|")}\``).join(" ");
}

function docOf(name) {
  const doc = docs[name];
  if (doc === undefined) throw new Error(`the table's entry ${name} has no doc comment that says what it means`);
  return doc;
}

/** The calls that no other contract has, by what they begin with; api.md has every one with its types. */
function hypervisorCalls() {
  const others = new Set(
    CONTRACTS.filter(({ name }) => SUB_DRIVERS.includes(name)).flatMap(({ api }) => Object.keys(api)),
  );
  const rows = Object.entries(hypervisorApi)
    .filter(([name, { by }]) => !others.has(name) && by === "driver")
    .map(([name, entry]) => `| \`${name}\` | ${publicName(name)} | ${permissions(entry)} | ${docs[name] ?? ""} |`);
  return [
    "Each means what libvirt's public call of that name means; [api.md](../api.md) has their types. Calls that the daemon's sessions",
    "answer themselves, and those of the sub-drivers, are left out.",
    "",
    "| call | public name | needs | |",
    "|---|---|---|---|",
    ...rows,
  ];
}

function stabilityTable(served, withKit) {
  return [
    "| contract | since | stability | provided by | in this repository | kit | report |",
    "|---|---|---|---|---|---|---|",
    ...CONTRACTS.map((contract) => {
      const id = contractId(contract);
      const here = [...(served.get(id) ?? []), ...(DAEMONS[contract.name] ? [DAEMONS[contract.name]] : [])];
      const cells = [
        `[${id}](${contract.name}.md)`,
        contract.since,
        contract.stability,
        contract.provider === "driver" ? "a driver" : "handlers",
        here.join(", ") || "nobody",
        withKit.has(id) ? "yes" : "no",
        `[types](../../core/api-reports/${id}.md)`,
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  ];
}

/** The plugins of this repository by the contracts of their manifests. */
async function servedBy() {
  const served = new Map();
  for (const place of ["plugins", "examples"])
    for (const name of (await readdir(join(project, place)).catch(() => [])).sort()) {
      const text = await readFile(join(project, place, name, "package.json"), "utf8").catch(() => "{}");
      const { contracts = [] } = JSON.parse(text).polyvisor ?? {};
      for (const id of contracts) served.set(id, [...(served.get(id) ?? []), `${place}/${name}`]);
    }
  return served;
}

/** The contracts that the sdk has a conformance kit of: it exports kits one by one, in lists and by name. */
function kits() {
  const exported = Object.values(conformance).filter((value) => typeof value === "object" && value !== null);
  return new Set(
    exported
      .flatMap((value) => [value, ...Object.values(value)])
      .map((each) => each?.contract)
      .filter((id) => typeof id === "string"),
  );
}
