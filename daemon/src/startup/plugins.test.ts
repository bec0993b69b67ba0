import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { numberOf } from "../testing/call-bodies.js";
import { configure, polyvisord, rootFolder, startPolyvisord } from "../testing/process.js";
import { RawClient } from "../testing/raw-client.js";

const CORE = import.meta.resolve("@polyvisor/core");
const TSYRINGE = import.meta.resolve("tsyringe");

/** A driver whose connection is called what its settings are. */
const ENTRY = `import { inject, injectable } from "${TSYRINGE}";
import { PLUGIN_CONFIG, providers } from "${CORE}";
class Driver {
  constructor(config) { this.config = config; }
  open() { return { uri: "x:///", resolveDomain: (dom) => dom, connectGetType: () => JSON.stringify(this.config), close() {} }; }
}
inject(PLUGIN_CONFIG)(Driver, undefined, 0);
injectable()(Driver);
export default providers({ "hypervisor.v1": Driver });
`;

const SCHEMA = { type: "object", properties: { workers: { type: "integer", maximum: 64, default: 4 } } };

async function addPlugin(folder: string, name: string, section: object, more: object = {}): Promise<void> {
  const polyvisor = { name, contracts: ["hypervisor.v1"], schemes: [name], entry: "./index.js", ...section };
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(
    join(folder, name, "package.json"),
    JSON.stringify({ name, version: "1.2.3", type: "module", polyvisor, ...more }),
  );
  await writeFile(join(folder, name, "index.js"), ENTRY);
}

test("an operator orders, disables and configures plugins by files, and is told of every fault", async (t) => {
  const root = await rootFolder(t);
  const folder = join(root, "drivers");
  await addPlugin(folder, "alpha", { schemes: ["shared"], statefull: true });
  await addPlugin(folder, "beta", { schemes: ["shared"], configuration: SCHEMA });
  await addPlugin(folder, "gamma", { configuration: SCHEMA });
  await addPlugin(folder, "delta", {});
  await addPlugin(folder, "newer", {}, { peerDependencies: { "@polyvisor/core": "^99.0.0" } });
  const file = await configure(
    root,
    `log_level = 3\nplugins = [ "beta" ]\nplugin_folders = [ "${folder}" ]\ndisabled_plugins = [ "delta" ]\n`,
  );
  const settings = join(file, "../plugins");
  await mkdir(settings);
  await writeFile(join(settings, "beta.conf"), "# many\nworkers = 9\n");
  await writeFile(join(settings, "gamma.conf"), "\nworker = 9\nworkers = 65\n");
  const rows = (await polyvisord("--root", root, "--plugins")).stdout.split("\n");
  const says = (name: string, words: RegExp) => t.regex(rows.find((row) => row.startsWith(`${name} `)) ?? "", words);
  says("beta", /ok; serves scheme shared, which alpha would serve too$/);
  says(
    "alpha",
    /ok; "polyvisor\.statefull" is no key .*did you mean "stateful"\?; does not serve scheme shared: beta comes first$/,
  );
  says("delta", /disabled: by the operator$/);
  says(
    "newer",
    /incompatible: .* needs @polyvisor\/core \^99\.0\.0, but \d+\.\d+\.\d+ is here; see docs\/errors\/PLUGIN_INCOMPATIBLE\.md$/,
  );
  says(
    "gamma",
    /broken: .*gamma\.conf:2: unknown setting worker: did you mean workers\?; .*gamma\.conf:3: workers must be <= 64; see docs\/errors\/PLUGIN_CONFIGURATION_INVALID\.md$/,
  );
  const daemon = await startPolyvisord(t, root);
  const log = daemon.log();
  for (const words of ["beta serves scheme shared: it comes before alpha", "gamma.conf:3: workers must be <= 64"])
    t.true(log.includes(words), words);
  const client = await RawClient.connect(daemon.socket);
  t.teardown(() => client.close());
  await client.open("shared:///");
  t.regex(String((await client.call(numberOf("connectGetType"))).body), /\{"workers":9\}/);
});

test("a file of settings that cannot be read breaks its plugin alone", async (t) => {
  const root = await rootFolder(t);
  await addPlugin(join(root, "drivers"), "alpha", { configuration: SCHEMA });
  const file = await configure(root, `plugins = [ "${root}/drivers/alpha", "/nowhere" ]\n`);
  await mkdir(join(file, "../plugins"));
  for (const [text, words] of [
    ["workers = \n", /alpha .*broken: .*alpha\.conf:1: expecting a value/],
    ["workers = 1\nworkers = 2\n", /alpha .*broken: .*alpha\.conf:2: workers is already set in line 1/],
  ] as const) {
    await writeFile(join(file, "../plugins/alpha.conf"), text);
    const { stdout } = await polyvisord("--root", root, "--plugins");
    t.regex(stdout, words);
    t.regex(stdout, /^\/nowhere .*broken: no package\.json with a section "polyvisor" in \/nowhere; see/m);
    t.regex(stdout, /^test .* ok/m);
  }
});

test("of thirty plugins whose code leaves a mark only the two that are used run any", async (t) => {
  const root = await rootFolder(t);
  const [folder, marks] = [join(root, "drivers"), join(root, "marks")];
  await mkdir(marks);
  const names = Array.from({ length: 30 }, (_, number) => `plugin${number}`);
  for (const name of names) {
    await addPlugin(folder, name, {});
    const mark = `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(join(marks, name))}, "");\n`;
    await writeFile(join(folder, name, "index.js"), mark + ENTRY);
  }
  await configure(root, `plugin_folders = [ "${folder}" ]\n`);
  const daemon = await startPolyvisord(t, root);
  t.deepEqual(await readdir(marks), []);
  for (const name of ["plugin3", "plugin17"]) {
    const client = await RawClient.connect(daemon.socket);
    t.teardown(() => client.close());
    await client.open(`${name}:///`);
  }
  t.deepEqual((await readdir(marks)).sort(), ["plugin17", "plugin3"]);
});

test("docs/plugins.md tells of every key of a manifest and every state", async (t) => {
  const docs = await readFile(new URL("../../../docs/plugins.md", import.meta.url), "utf8");
  const sources = await Promise.all(
    ["host/manifest-keys.ts", "pluggable-loader/keys.ts"].map((file) =>
      readFile(new URL(`../../../core/src/${file}`, import.meta.url), "utf8"),
    ),
  );
  const keys = sources.flatMap((text) =>
    [...text.matchAll(/^ {2}([a-z]+): (?:\{|listKey|textKey|flagKey)/gm)].map(([, key]) => key),
  );
  t.true(keys.length >= 7, String(keys));
  for (const key of keys) t.true(docs.includes(`| \`${key}\` |`), key);
});
