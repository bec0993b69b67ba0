// Writes core/api-reports: each contract as a reviewer has to see it, so that no change of one goes unnoticed: the calls of its
// table with numbers and types (but for those that the daemon's sessions answer, which no provider promises), and the
// declarations of what is no table. `--check` fails where one is stale.
// Reads what the build has made.
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CONTRACTS, contractId, domainEvents, objectEvents, qemuMessages } from "@polyvisor/core";
import { fieldsText, OBJECTS, typeText } from "./lib/contract-text.mjs";

const project = new URL("..", import.meta.url).pathname;
const folder = join(project, "core/api-reports");

/** Declarations that one contract alone has, besides its table. */
const DECLARED = {
  hypervisor: [
    "HypervisorDriver",
    "HypervisorConnection",
    "HypervisorHandlers",
    "DomainEventSource",
    "MonitorEventFilter",
    "MonitorEventSource",
  ],
  network: ["NetworkDriver", "NetworkConnection"],
  storage: ["StorageDriver", "StorageConnection"],
  nodedev: ["NodeDeviceDriver", "NodeDeviceConnection"],
  interface: ["InterfaceDriver", "InterfaceConnection"],
  nwfilter: ["NwfilterDriver", "NwfilterConnection"],
  secret: ["SecretDriver", "SecretConnection"],
  security: ["SecurityDriver"],
  lock: ["LockManager", "LOCK_RESOURCE_FLAG"],
  log: ["LogManager"],
  auth: ["LoginMechanisms"],
  policy: ["PolicyDriver", "PolicyRequest", "ObjectAttributes"],
};

/** What all contracts share: contexts, drivers, what a host gives. */
const SHARED_FILES = [
  "contracts/context",
  "contracts/contract",
  "contracts/descriptor",
  "contracts/driver",
  "contracts/host-services",
  "contracts/plugin",
  "contracts/services",
  "contracts/sub-drivers",
  "contracts/wrapper",
];
const SHARED_DEFINITIONS = ["HandlersOf", "ClientOf", "ByteStream", "Streamed", "Takes", "Gives"];

const declarations = await declarationsIn([...SHARED_FILES, "api/define", ...(await contractFiles())]);
const reports = {
  ...Object.fromEntries(CONTRACTS.map((contract) => [`${contractId(contract)}.md`, reportOf(contract)])),
  "shared.md": sharedReport(),
};
if (!process.argv.includes("--check")) await write();
else await check();

async function write() {
  const old = await readdir(folder).catch(() => []);
  for (const name of old.filter((each) => !(each in reports))) await rm(join(folder, name));
  for (const [name, text] of Object.entries(reports)) await writeFile(join(folder, name), text);
}

async function check() {
  const there = await readdir(folder).catch(() => []);
  const stale = [];
  for (const name of new Set([...there, ...Object.keys(reports)])) {
    const text = await readFile(join(folder, name), "utf8").catch(() => undefined);
    if (text !== reports[name]) stale.push(`core/api-reports/${name}`);
  }
  if (stale.length === 0) return;
  console.error(`${stale.join(", ")}: a contract has changed. Is it meant? npm run contracts writes the reports anew`);
  process.exitCode = 1;
}

function reportOf({ name, major, api, provider, eventsAbout, stability, since }) {
  const declared = DECLARED[name];
  if (declared === undefined) throw new Error(`scripts/api-reports.mjs does not know which declarations ${name} has`);
  const messages = eventTables(name, eventsAbout);
  return page([
    `# ${name}.v${major}`,
    "",
    `Provided by ${provider === "driver" ? "a driver that opens connections" : "an object with the handlers"}; ${stability}, since ${since}.`,
    "",
    "## Declarations",
    "",
    "```ts",
    ...declared.flatMap((each) => [declarationOf(each), ""]).slice(0, -1),
    "```",
    "",
    "## Calls",
    "",
    "```",
    ...Object.entries(api)
      .filter(([, { by }]) => by === "driver")
      .sort(byName)
      .flatMap(([call, entry]) => callLines(call, entry)),
    "```",
    ...(messages.length === 0 ? [] : ["", "## Events", "", "```", ...messages, "```"]),
  ]);
}

function byName([a], [b]) {
  return a < b ? -1 : 1;
}

function callLines(name, entry) {
  const more = [
    ...(entry.priority === "high" ? ["high priority"] : []),
    ...(entry.stream ? [`stream ${entry.stream}`] : []),
    ...(entry.sparseFlag ? [`holes with flag ${entry.sparseFlag}`] : []),
    ...(entry.descriptors ? [`descriptors ${entry.descriptors}`] : []),
    ...(entry.readOnly ? ["allowed to read-only clients"] : []),
    ...(entry.aclFilter ? [`lists by ${entry.aclFilter.object}:${entry.aclFilter.permission}`] : []),
  ];
  return [
    `${name} = ${entry.number}`,
    `  takes ${fieldsText(entry.args.fields)}`,
    `  gives ${fieldsText(entry.ret.fields)}${shapeText(entry.shape)}`,
    `  needs ${entry.aclText.join(" ")}`,
    ...(more.length === 0 ? [] : [`  ${more.join(", ")}`]),
  ];
}

function shapeText(shape) {
  if (shape === undefined) return "";
  const [[kind, field], ...rest] = Object.entries(shape);
  return ` as ${kind} ${field}${rest.map(([key, value]) => `, ${key} ${value}`).join("")}`;
}

function eventTables(name, about = []) {
  const lines = ([kind, { number, legacy, body }]) =>
    `${kind} = ${number}${legacy === undefined ? "" : ` (${legacy})`}\n  ${fieldsText(body.fields)}`;
  if (name === "hypervisor")
    return [...Object.entries(domainEvents), ...Object.entries(qemuMessages), ...Object.entries(objectEvents)].map(
      lines,
    );
  return Object.entries(objectEvents)
    .filter(([, spec]) => about.includes(spec.about))
    .map(lines);
}

function sharedReport() {
  const special = new Set([...Object.values(DECLARED).flat()]);
  const shared = [...declarations.values()].filter(
    ({ name, file }) => (SHARED_FILES.includes(file) && !special.has(name)) || SHARED_DEFINITIONS.includes(name),
  );
  return page([
    "# What contracts share",
    "",
    "## Declarations",
    "",
    "```ts",
    ...shared.flatMap(({ text }) => [text, ""]).slice(0, -1),
    "```",
    "",
    "## Objects",
    "",
    "```",
    ...Object.entries(OBJECTS).map(([name, codec]) => `${name} = ${typeText(codec, false)}`),
    "```",
  ]);
}

function page(lines) {
  const [title, ...rest] = lines;
  return [
    title,
    "",
    "Generated by `npm run contracts`: what a contract promises to those who use or provide it. A line that changes here is a",
    "change of the contract.",
    ...rest,
    "",
  ].join("\n");
}

function declarationOf(name) {
  const found = declarations.get(name);
  if (found === undefined) throw new Error(`no declaration of ${name} in the build of core`);
  return found.text;
}

async function contractFiles() {
  const files = await readdir(join(project, "core/dist/contracts"));
  return files
    .filter((file) => file.endsWith(".d.ts") && !file.includes(".test."))
    .map((file) => `contracts/${file.slice(0, -".d.ts".length)}`)
    .filter((file) => !SHARED_FILES.includes(file) && !/\/(index|contracts)$/.test(file));
}

/** The exported declarations of built files by name, without comments. */
async function declarationsIn(files) {
  const all = new Map();
  for (const file of files) {
    const text = await readFile(join(project, "core/dist", `${file}.d.ts`), "utf8");
    const bare = text.replace(/\/\*\*[\s\S]*?\*\/\n?/g, "").replace(/^[ \t]*\n/gm, "");
    for (const declaration of bare.split(/^(?=export |import |\/\/)/m)) {
      const [, name] =
        /^export (?:declare )?(?:abstract )?(?:interface|type|class|const|function) (\w+)/.exec(declaration) ?? [];
      if (name !== undefined) all.set(name, { name, file, text: declaration.trim() });
    }
  }
  return all;
}
