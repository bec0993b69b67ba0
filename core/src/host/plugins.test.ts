import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import {
  createHost,
  type HostOptions,
  type Log,
  type PluginStatus,
  pageOf,
  rootPaths,
  type VirtError,
} from "../index.js";

const root = await mkdtemp(join(tmpdir(), "polyvisor-plugins-"));
test.after.always(() => rm(root, { recursive: true, force: true }));

const DRIVER = (type: string) => `export default { "hypervisor.v1": class {
  open() { return { uri: "x:///", resolveDomain: (dom) => dom, connectGetType: () => "${type}", close() {} }; }
} };`;

/** A driver's package, with these keys in its manifest (`undefined` takes one out) and in its package.json. */
const driver = (name: string, section: object = {}, more: object = {}) => ({
  "package.json": JSON.stringify({
    ...{ name, version: "1.2.3", type: "module" },
    polyvisor: { name, contracts: ["hypervisor.v1"], schemes: [name], entry: "./index.js", ...section },
    ...more,
  }),
  "index.js": DRIVER(name.toUpperCase()),
});

async function folderOf(packages: Record<string, Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(root, "at-"));
  for (const [name, files] of Object.entries(packages))
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name, file)), { recursive: true });
      await writeFile(join(folder, name, file), text);
    }
  return folder;
}

interface Line {
  readonly level: string;
  readonly message: string;
  readonly problem?: string;
  readonly page?: string;
}

async function hostOf(t: { teardown(end: () => Promise<void>): void }, options: HostOptions) {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, ...fields, message });
  const log: Log = { debug() {}, info() {}, warn: at("warn"), error: at("error"), child: () => log };
  const host = await createHost({ paths: rootPaths(root), log, ...options });
  t.teardown(() => host.close());
  const status = (name: string): PluginStatus => {
    const found = host.plugins().find((plugin) => plugin.name === name);
    if (found === undefined) throw new Error(`no plugin ${name}`);
    return found;
  };
  return { host, lines, status };
}

const KEYS: readonly (readonly [name: string, section: object, message: RegExp])[] = [
  ["nameless", { name: undefined }, /^"polyvisor\.name" is missing: it must be a name of letters/],
  ["slash", { name: "a/b" }, /"polyvisor\.name" must be a name of letters.*, and is "a\/b"$/],
  ["outside", { entry: "../other/index.js" }, /"polyvisor\.entry" must be a path inside the package/],
  ["absolute", { entry: "/etc/passwd" }, /"polyvisor\.entry" must be a path inside the package/],
  ["contractless", { contracts: [] }, /"polyvisor\.contracts" must be a list of contracts with their major version/],
  ["unversioned", { contracts: ["hypervisor"] }, /"polyvisor\.contracts" must be .*, and is \["hypervisor"\]$/],
  ["scheme", { schemes: "scheme" }, /"polyvisor\.schemes" must be a list of schemes/],
  ["loud", { schemes: ["LOUD"] }, /"polyvisor\.schemes" must be a list of schemes of URIs in small letters/],
  ["twice", { schemes: ["twice", "twice"] }, /"polyvisor\.schemes" must be/],
  ["transport", { transports: [1] }, /"polyvisor\.transports" must be a list of transports/],
  ["state", { stateful: "yes" }, /"polyvisor\.stateful" must be true or false, and is "yes"$/],
  ["settings", { configuration: 7 }, /"polyvisor\.configuration" must be a JSON schema, or the path of one/],
];

for (const [name, section, message] of KEYS)
  test(`a manifest that cannot be meant names the key and what is allowed: ${name}`, async (t) => {
    const { status, lines } = await hostOf(t, { pluginFolders: [await folderOf({ [name]: driver(name, section) })] });
    t.like(status(name), { state: "broken", problem: "PLUGIN_MANIFEST_INVALID" });
    t.regex(status(name).message, message);
    t.like(lines[0], { level: "error", page: "docs/errors/PLUGIN_MANIFEST_INVALID.md" });
  });

test("a key that nobody knows is told, with the one that was meant, and keeps the plugin from nothing", async (t) => {
  const typo = driver("typo", { statefull: true, colour: "red" });
  const { host, status, lines } = await hostOf(t, { pluginFolders: [await folderOf({ typo })] });
  const notes = [
    '"polyvisor.statefull" is no key of a manifest and changes nothing: did you mean "stateful"?',
    '"polyvisor.colour" is no key of a manifest and changes nothing: the keys are name, entry, contracts, configuration, schemes, transports, stateful',
  ];
  t.deepEqual(status("typo").notes, notes);
  t.deepEqual(
    lines.map(({ level, message }) => [level, message]),
    notes.map((note) => ["warn", note]),
  );
  t.is(await (await host.open("typo:///")).api.connectGetType({}), "TYPO");
});

test("what is incompatible is told apart, without its code: what it wants, and what is here", async (t) => {
  const folder = await folderOf({
    future: driver("future", {}, { peerDependencies: { "@polyvisor/core": "^99.0.0" } }),
    node: driver("node", {}, { engines: { node: ">=99" } }),
    strange: driver("strange", { contracts: ["hypervisor.v1", "teleport.v1"] }),
    unreadable: driver("unreadable", {}, { peerDependencies: { "@polyvisor/core": "newest" } }),
  });
  const { status, host } = await hostOf(t, { pluginFolders: [folder] });
  t.like(status("future"), { state: "incompatible", mismatch: { wanted: "@polyvisor/core ^99.0.0" } });
  t.like(status("node"), { state: "incompatible", mismatch: { wanted: "node >=99", found: process.versions.node } });
  t.like(status("strange"), { state: "incompatible", mismatch: { wanted: "teleport.v1" } });
  t.like(status("unreadable"), { state: "broken", problem: "PLUGIN_MANIFEST_INVALID" });
  const refused = await t.throwsAsync<VirtError>(host.open("future:///"));
  t.regex(refused?.message ?? "", /plugin future 1\.2\.3 needs @polyvisor\/core \^99\.0\.0, but \d+\.\d+\.\d+ is here/);
  t.regex(refused?.hint ?? "", /docs\/errors\/PLUGIN_INCOMPATIBLE\.md/);
});

test("a disabled plugin takes no part, whatever else is wrong with it, and a URI of its own says so", async (t) => {
  const folder = await folderOf({ off: driver("off", {}, { engines: { node: ">=99" } }), on: driver("on") });
  const { host, status, lines } = await hostOf(t, { pluginFolders: [folder], disabledPlugins: ["off", "offf"] });
  await host.probe();
  t.like(status("off"), { state: "disabled", message: "by the operator" });
  t.like(status("on"), { state: "enabled" });
  const { code, hint } = (await t.throwsAsync<VirtError>(host.open("off:///"))) as VirtError;
  t.is(code, "NO_CONNECT");
  t.is(hint, `off is disabled by disabled_plugins; see ${pageOf("PLUGIN_DISABLED")}`);
  t.like(await t.throwsAsync(host.provider("hypervisor.v1", "off")), {
    code: "CONFIG_UNSUPPORTED",
    hint: `off is disabled by the operator; see ${pageOf("PLUGIN_DISABLED")}`,
  });
  t.deepEqual(
    lines.map(({ level, message }) => [level, message]),
    [["warn", "the plugin offf, which is to be disabled, is not here"]],
  );
});

test("what is named and not there is told; a file beside plugins is none, and one package found twice is one", async (t) => {
  const folder = await folderOf({ "@scope/good": driver("good"), plain: { "package.json": '{"name":"plain"}' } });
  await writeFile(join(folder, "README"), "no plugin");
  await writeFile(join(folder, "@notes"), "no scope");
  const { host, status } = await hostOf(t, {
    plugins: ["@scope/good", "missing-driver", join(folder, "plain"), join(folder, "@scope/good")],
    pluginFolders: [folder, join(folder, "nowhere")],
  });
  t.deepEqual(
    host.plugins().map(({ name, state, problem }) => [name.replace(folder, ""), state, problem]),
    [
      ["good", "found", undefined],
      ["missing-driver", "broken", "PLUGIN_NOT_FOUND"],
      ["/plain", "broken", "PLUGIN_NOT_FOUND"],
      ["/nowhere", "broken", "PLUGIN_FOLDER_UNREADABLE"],
    ],
  );
  t.regex(
    status("missing-driver").message,
    /no package missing-driver in the node_modules of .* nor in a folder of plugins/,
  );
});

test("of two plugins with one name the first is used, and the other says which", async (t) => {
  const [first, second] = [await folderOf({ a: driver("same") }), await folderOf({ b: driver("same") })];
  const { host } = await hostOf(t, { pluginFolders: [first, second] });
  t.deepEqual(
    host.plugins().map(({ state, problem }) => [state, problem]),
    [
      ["found", undefined],
      ["disabled", "PLUGIN_NAME_TAKEN"],
    ],
  );
  t.is(
    host.plugins()[1]?.message,
    `${join(second, "b")} is left out: the plugin in ${join(first, "a")} has the same name and was found first`,
  );
});

test("of two plugins with one scheme the operator's order decides, and all places say so", async (t) => {
  const folder = await folderOf({
    alpha: driver("alpha", { schemes: ["shared", "own"] }),
    beta: driver("beta", { schemes: ["shared"] }),
  });
  const openedBy = async (options: HostOptions) => {
    const made = await hostOf(t, { pluginFolders: [folder], ...options });
    return { ...made, by: await (await made.host.open("shared:///")).api.connectGetType({}) };
  };
  const found = await openedBy({});
  t.is(found.by, "ALPHA");
  t.deepEqual(found.status("alpha").notes, ["serves scheme shared, which beta would serve too"]);
  t.deepEqual(found.status("beta").notes, ["does not serve scheme shared: alpha comes first"]);
  t.deepEqual(
    found.lines.map(({ message, page }) => [message, page]),
    [["alpha serves scheme shared: it comes before beta", "docs/errors/PLUGIN_CLAIM_TAKEN.md"]],
  );
  const ordered = await openedBy({ plugins: ["beta"] });
  t.is(ordered.by, "BETA");
  t.deepEqual(ordered.status("beta").notes, ["serves scheme shared, which alpha would serve too"]);
  const disabled = await openedBy({ disabledPlugins: ["alpha"] });
  t.is(disabled.by, "BETA");
  t.deepEqual(disabled.lines, []);
});

test("a plugin that cannot be used keeps its scheme: what is wrong is said, and who would serve it", async (t) => {
  const folder = await folderOf({
    alpha: driver("alpha", { schemes: ["shared"] }, { engines: { node: ">=99" } }),
    beta: driver("beta", { schemes: ["shared"] }),
  });
  const { host } = await hostOf(t, { pluginFolders: [folder] });
  const { hint } = (await t.throwsAsync<VirtError>(host.open("shared:///"))) as VirtError;
  t.regex(
    hint ?? "",
    /disabled_plugins = \[ "alpha" \] would leave shared to beta; see docs\/errors\/PLUGIN_INCOMPATIBLE/,
  );
});

const SCHEMA = {
  type: "object",
  properties: {
    workers: { type: "integer", minimum: 1, maximum: 64, default: 4 },
    verbose: { type: "boolean" },
    backend: { enum: ["file", "memory"] },
    paths: { type: "array", items: { type: "string" } },
  },
};

/** A driver whose connection's type is what it was configured with. */
const CONFIGURED = `import { inject, injectable } from "${import.meta.resolve("tsyringe")}";
class Driver {
  constructor(config) { this.config = config; }
  open() { return { uri: "x:///", resolveDomain: (dom) => dom, connectGetType: () => JSON.stringify(this.config), close() {} }; }
}
inject(Symbol.for("polyvisor.PluginConfig"))(Driver, undefined, 0);
injectable()(Driver);
export default { "hypervisor.v1": Driver };`;

const configured = (configuration: unknown) => ({ ...driver("kind", { configuration }), "index.js": CONFIGURED });

test("what the operator has set is checked, has its defaults and is injected", async (t) => {
  const folder = await folderOf({
    kind: { ...configured("./etc/schema.json"), "etc/schema.json": JSON.stringify(SCHEMA) },
  });
  const values = { verbose: 1, backend: "file", paths: ["/a"] };
  const { host } = await hostOf(t, { pluginFolders: [folder], pluginConfiguration: { kind: { values } } });
  const type = await (await host.open("kind:///")).api.connectGetType({});
  t.deepEqual(JSON.parse(type), { workers: 4, verbose: true, backend: "file", paths: ["/a"] });
  t.deepEqual(values, { verbose: 1, backend: "file", paths: ["/a"] });
  const without = await hostOf(t, { pluginFolders: [await folderOf({ kind: configured(undefined) })] });
  t.is(await (await without.host.open("kind:///")).api.connectGetType({}), "{}");
});

const FAULTS: readonly (readonly [values: Record<string, unknown>, message: RegExp])[] = [
  [{ workers: 0 }, /^k\.conf:2: workers must be >= 1$/],
  [{ workers: "many" }, /^k\.conf:2: workers must be integer$/],
  [{ backend: "tape" }, /^k\.conf:2: backend must be one of "file", "memory"$/],
  [{ verbose: 2 }, /^k\.conf:2: verbose must be 0 or 1$/],
  [{ paths: ["/a", 1] }, /^k\.conf:2: paths, entry 2 must be string$/],
  [{ worker: 5 }, /^k\.conf:2: unknown setting worker: did you mean workers\?$/],
  [{ zzzzz: 5 }, /^k\.conf:2: unknown setting zzzzz: the settings are workers, verbose, backend, paths$/],
];

for (const [values, message] of FAULTS)
  test(`settings that do not fit break their plugin alone, with the place: ${JSON.stringify(values)}`, async (t) => {
    const folder = await folderOf({ kind: configured(SCHEMA), other: driver("other") });
    const given = { values, file: "k.conf", lines: Object.fromEntries(Object.keys(values).map((key) => [key, 2])) };
    const { host, status, lines } = await hostOf(t, { pluginFolders: [folder], pluginConfiguration: { kind: given } });
    t.like(status("kind"), { state: "broken", problem: "PLUGIN_CONFIGURATION_INVALID" });
    t.regex(status("kind").message, message);
    t.like(lines[0], { level: "error", page: "docs/errors/PLUGIN_CONFIGURATION_INVALID.md" });
    t.is(await (await host.open("other:///")).api.connectGetType({}), "OTHER");
    await t.throwsAsync(host.open("kind:///"), { code: "NO_CONNECT" } as never);
  });

test("a schema that cannot be used, a file that cannot be read and settings for nobody are told", async (t) => {
  const kinds: readonly (readonly [unknown, string | undefined, object, string, RegExp])[] = [
    [
      { type: "objekt", properties: {} },
      undefined,
      {},
      "PLUGIN_CONFIGURATION_SCHEMA_INVALID",
      /must have "type": "object"/,
    ],
    [
      { type: "object", properties: { a: { type: "nothing" } } },
      undefined,
      {},
      "PLUGIN_CONFIGURATION_SCHEMA_INVALID",
      /type/,
    ],
    ["./none.json", undefined, {}, "PLUGIN_CONFIGURATION_SCHEMA_INVALID", /none\.json/],
    [undefined, undefined, { a: 1 }, "PLUGIN_CONFIGURATION_INVALID", /^k\.conf: plugin kind has no settings$/],
    [SCHEMA, "k.conf:1: expecting a value", {}, "PLUGIN_CONFIGURATION_INVALID", /^k\.conf:1: expecting a value$/],
  ];
  for (const [configuration, fault, values, problem, message] of kinds) {
    const folder = await folderOf({ kind: configured(configuration) });
    const given = { values: { ...values }, file: "k.conf", ...(fault === undefined ? {} : { fault }) };
    const { status } = await hostOf(t, { pluginFolders: [folder], pluginConfiguration: { kind: given } });
    t.like(status("kind"), { state: "broken", problem: problem as never });
    t.regex(status("kind").message, message);
  }
  const { lines } = await hostOf(t, { pluginConfiguration: { kin: { values: {}, file: "kin.conf" } } });
  t.deepEqual(
    lines.map(({ message, problem }) => [message, problem]),
    [["settings for a plugin kin, which is not here", "PLUGIN_CONFIGURATION_UNUSED"]],
  );
});

test("while the host runs, a plugin in this process is disabled and enabled until its code is loaded, never after", async (t) => {
  const settings: Record<string, { values: Record<string, unknown> }> = { kind: { values: { workers: 0 } } };
  const folder = await folderOf({ alpha: driver("alpha"), kind: configured(SCHEMA) });
  const { host, status } = await hostOf(t, {
    pluginFolders: [folder],
    disabledPlugins: ["alpha"],
    pluginConfiguration: async () => settings,
  });
  await t.throwsAsync(host.open("alpha:///"), { code: "NO_CONNECT" } as never);
  t.like(await host.operate.enable("alpha"), { name: "alpha", state: "enabled" });
  t.is(await (await host.open("alpha:///")).api.connectGetType({}), "ALPHA");
  for (const refused of [() => host.operate.disable("alpha"), () => host.operate.replace("alpha", folder)]) {
    const error = (await t.throwsAsync(refused())) as VirtError;
    t.is(error.code, "OPERATION_UNSUPPORTED");
    t.regex(error.hint ?? "", /restart the daemon.*isolate = \[ "alpha" \]/);
  }
  t.like(await host.operate.enable("alpha"), { state: "enabled" });

  t.like(status("kind"), { state: "broken" });
  const still = (await t.throwsAsync(host.operate.enable("kind"))) as VirtError;
  t.like(still, { code: "OPERATION_FAILED", message: "operation failed: workers must be >= 1" });
  t.is(still.hint, "see docs/errors/PLUGIN_CONFIGURATION_INVALID.md");
  settings.kind = { values: { workers: 7 } };
  t.like(await host.operate.disable("kind"), { state: "disabled" });
  await t.throwsAsync(host.open("kind:///"), { code: "NO_CONNECT" } as never);
  t.like(await host.operate.enable("kind"), { state: "enabled" });
  t.is(await (await host.open("kind:///")).api.connectGetType({}), '{"workers":7}');
  t.like(await t.throwsAsync(host.operate.enable("beta")), {
    code: "INVALID_ARG",
    hint: "the plugins are alpha, kind",
  });
});
