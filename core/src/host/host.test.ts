import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import test from "ava";
import { createHost, type Host, type Log, rootPaths, silentLog, type VirtError, XML_FLAG } from "../index.js";

const root = await mkdtemp(join(tmpdir(), "polyvisor-host-"));
test.after.always(() => rm(root, { recursive: true, force: true }));

interface Package {
  readonly manifest?: object | string;
  readonly peerDependencies?: Record<string, string>;
  readonly entry?: string;
}

const DRIVER = `export default { "hypervisor.v1": class {
  starts = 0;
  start() { this.starts++; }
  open(uri) {
    const starts = this.starts;
    return {
      uri: uri.scheme + ":///",
      resolveDomain: (dom) => dom,
      connectGetType: () => "KIND" + starts,
      domainCreateWithFlags: ({ dom }) => dom,
      domainGetXMLDesc: () => "<domain/>",
      connectListAllDomains: () => [{ name: "a", uuid: "00000000-0000-4000-8000-000000000001", id: 1 }],
      events: { subscribe(kind, dom, listener) {
        if (kind === "lifecycle") setTimeout(() => listener({ kind, dom: { name: "a", uuid: "", id: 1 }, event: 2, detail: 0 }), 5);
        return () => { globalThis.unsubscribed = (globalThis.unsubscribed ?? 0) + 1; };
      } },
      close() {},
    };
  }
} };`;

const manifest = (name: string, more: object = {}) => ({
  name,
  contracts: ["hypervisor.v1"],
  schemes: [name],
  entry: "./index.js",
  ...more,
});

async function hostOf(packages: Record<string, Package>, log: Log = silentLog, warmUp = false): Promise<Host> {
  const folder = await mkdtemp(join(root, "plugins-"));
  for (const [name, { manifest: section, peerDependencies = {}, entry = DRIVER }] of Object.entries(packages)) {
    await mkdir(join(folder, name), { recursive: true });
    const text =
      typeof section === "string"
        ? section
        : JSON.stringify({ name, version: "1.2.3", type: "module", peerDependencies, polyvisor: section });
    await writeFile(join(folder, name, "package.json"), text);
    await writeFile(join(folder, name, "index.js"), entry);
  }
  return createHost({ pluginFolders: [folder], paths: rootPaths(folder), log, warmUp });
}

test("a plugin is imported when a URI first needs it, and started once", async (t) => {
  await using host = await hostOf({
    good: { manifest: manifest("good") },
    "@scope/other": { manifest: manifest("other") },
  });
  t.deepEqual(
    host.plugins().map(({ name, state }) => [name, state]),
    [
      ["other", "found"],
      ["good", "found"],
    ],
  );
  const first = await host.open("good:///");
  const second = await host.open("good:///");
  t.is(await first.api.connectGetType({}), "KIND1");
  t.is(await second.api.connectGetType({}), "KIND1");
  t.is(first.uri, "good:///");
  t.like(Object.fromEntries(host.plugins().map((plugin) => [plugin.name, plugin.state])), {
    good: "enabled",
    other: "found",
  });
});

test("a plugin that cannot be used is told apart, with what it asked for, and harms no other", async (t) => {
  const host = await hostOf({
    good: { manifest: manifest("good") },
    future: { manifest: manifest("future"), peerDependencies: { "@polyvisor/core": "^99.0.0" } },
    strange: { manifest: manifest("strange", { contracts: ["hypervisor.v7"] }) },
    throws: { manifest: manifest("throws"), entry: "throw new Error('boom at import')" },
    empty: { manifest: manifest("empty"), entry: "export const x = 1" },
    promises: { manifest: manifest("promises"), entry: "export default {}" },
    absent: { manifest: manifest("absent", { entry: "./nowhere.js" }) },
    nameless: { manifest: { contracts: ["hypervisor.v1"], entry: "./index.js" } },
    broken: { manifest: "{" },
    idle: {
      manifest: manifest("idle"),
      entry:
        "export default { 'hypervisor.v1': class { probe() { return { usable: false, reason: 'no idle device' } } open() {} } }",
    },
    unlabelled: {
      manifest: manifest("unlabelled", { contracts: ["security.v1"], schemes: [] }),
      entry: "export default { 'security.v1': class { probe() { return { usable: false, reason: 'no labels' } } } }",
    },
    torn: {
      manifest: manifest("torn", { contracts: ["security.v1"], schemes: [] }),
      entry: "export default { 'security.v1': class { probe() { throw new Error('labels, but no tool') } } }",
    },
    "not-a-plugin": {},
  });
  const rows: [string, string, RegExp][] = [
    ["good", "enabled", /^$/],
    ["future", "incompatible", /plugin future 1\.2\.3 needs @polyvisor\/core \^99\.0\.0, but \d+\.\d+\.\d+ is here/],
    ["strange", "incompatible", /provides hypervisor\.v7, but this host knows hypervisor\.v1/],
    ["throws", "broken", /plugin throws .*boom at import/],
    ["empty", "broken", /no default export/],
    ["promises", "broken", /names hypervisor\.v1 but does not export it/],
    ["absent", "broken", /nowhere\.js/],
    ["nameless", "broken", /"polyvisor\.name" is missing: it must be a name of letters/],
    ["broken", "broken", /not JSON/],
    ["idle", "inapplicable", /^no idle device$/],
    ["unlabelled", "inapplicable", /^no labels$/],
    ["torn", "broken", /labels, but no tool/],
  ];
  const all = await host.probe();
  t.is(all.length, rows.length);
  for (const [name, state, message] of rows) {
    const status = all.find((plugin) => plugin.name.endsWith(name));
    t.is(status?.state, state as never, name);
    t.regex(status?.message ?? "", message, name);
  }
  const refused = await t.throwsAsync<VirtError>(host.open("idle:///"));
  t.like(refused, {
    code: "NO_CONNECT",
    message:
      "no connection driver available for idle:///: plugin idle has nothing to drive on this host: no idle device",
  });
  await host.close();
});

test("an unknown scheme and a call that the driver lacks fail with libvirt's codes", async (t) => {
  await using host = await hostOf({ good: { manifest: manifest("good") } });
  t.like(await t.throwsAsync<VirtError>(host.open("nope:///x")), {
    number: 5,
    message: "no connection driver available for nope:///x",
    hint: "the schemes here are good",
  });
  const connection = await host.open("good:///");
  t.like(await t.throwsAsync<VirtError>(connection.api.nodeGetInfo({})), {
    number: 3,
    message: "this function is not supported by the connection driver: virNodeGetInfo",
  });
});

test("a read-only connection looks but does not change", async (t) => {
  await using host = await hostOf({ good: { manifest: manifest("good") } });
  const connection = await host.open("good:///", { readOnly: true });
  const [domain] = await connection.domains();
  t.is(domain?.name, "a");
  t.like(await t.throwsAsync<VirtError>(domain?.create() ?? Promise.resolve()), {
    number: 29,
    message: "operation forbidden: read only access prevents virDomainCreateWithFlags",
  });
  t.is(await domain?.getXMLDesc(), "<domain/>");
  t.like(await t.throwsAsync<VirtError>(domain?.getXMLDesc(XML_FLAG.SECURE) ?? Promise.resolve("")), {
    number: 29,
    message: "operation forbidden: virDomainGetXMLDesc with secure flag",
  });
});

test("events are a loop that ends with its signal and leaves no subscription", async (t) => {
  await using host = await hostOf({ good: { manifest: manifest("good") } });
  const connection = await host.open("good:///");
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const event of await connection.events({ kinds: ["lifecycle", "reboot"], signal: stop.signal })) {
    seen.push(`${event.kind} ${event.dom.name}`);
    stop.abort();
  }
  t.deepEqual(seen, ["lifecycle a"]);
  t.is((globalThis as { unsubscribed?: number }).unsubscribed, 2);
});

test("a loop over events gets what came, then fails with the reason why the connection was lost", async (t) => {
  const entry = `export default { "hypervisor.v1": class {
    open() {
      let lose;
      return {
        uri: "remote:///",
        resolveDomain: (dom) => dom,
        lost: new Promise((resolve) => { lose = resolve; }),
        events: { subscribe(kind, dom, listener) {
          listener({ kind, dom: { name: "a", uuid: "", id: 1 }, event: 2, detail: 0 });
          setTimeout(() => lose(new Error("the daemon is gone")), 5);
          return () => {};
        } },
        close() {},
      };
    }
  } };`;
  await using host = await hostOf({ far: { manifest: manifest("far"), entry } });
  const connection = await host.open("far:///");
  const events = await connection.events({ kinds: ["lifecycle"] });
  t.is((await events.next()).value.kind, "lifecycle");
  await t.throwsAsync(events.next(), { message: "the daemon is gone" });
  t.true((await events.next()).done);
});

test("a transport that no plugin has goes to the client of other daemons, which can say why not", async (t) => {
  const far = { manifest: manifest("far", { schemes: [], transports: ["unix"] }) };
  await using host = await hostOf({ far, near: { manifest: manifest("near") } });
  await using connection = await host.open("near+pigeon:///");
  t.is(connection.uri, "near:///");
  await using without = await hostOf({ near: { manifest: manifest("near") } });
  await t.throwsAsync(without.open("near+pigeon:///"), { code: "NO_CONNECT" } as never);
});

const OUR_CONTAINER = `import { inject, injectable } from "${import.meta.resolve("tsyringe")}";`;

/** As a plugin has it that was installed somewhere else. */
const ITS_OWN_CONTAINER = `import { createRequire } from "node:module";
  const require = createRequire("${import.meta.url}");
  for (const path of Object.keys(require.cache)) if (path.includes("/tsyringe/")) delete require.cache[path];
  const { inject, injectable } = require("tsyringe");`;

for (const [whose, container] of Object.entries({ our: OUR_CONTAINER, "its own": ITS_OWN_CONTAINER }))
  test(`what a plugin logs of itself bears its name, with ${whose} copy of the container`, async (t) => {
    const lines: object[] = [];
    const logOf = (fields: object): Log => ({
      debug() {},
      info: (more, message) => void lines.push({ ...fields, ...more, message }),
      warn() {},
      error() {},
      child: (more) => logOf({ ...fields, ...more }),
    });
    const entry = `${container}
  import { providers } from "${new URL("../index.js", import.meta.url)}";
  class Driver {
    constructor(log) { this.log = log; }
    start() { this.log.info({ guests: 3 }, "started"); }
    open() { return { uri: "tells:///", resolveDomain: (dom) => dom, close() {} }; }
  }
  inject(Symbol.for("polyvisor.Log"))(Driver, undefined, 0);
  injectable()(Driver);
  export default providers({ "hypervisor.v1": Driver });`;
    await using host = await hostOf({ tells: { manifest: manifest("tells"), entry } }, logOf({}));
    await host.open("tells:///");
    t.deepEqual(lines, [{ plugin: "tells", guests: 3, message: "started" }]);
  });

const POLICY = `export default { "policy.v1": class { allows() { return true; } } };`;

test("a plugin is asked by its name for a contract that is no hypervisor's", async (t) => {
  await using host = await hostOf({
    yes: { manifest: { name: "yes", contracts: ["policy.v1"], entry: "./index.js" }, entry: POLICY },
    good: { manifest: manifest("good") },
  });
  const policy = await host.provider("policy.v1", "yes");
  t.is(policy, await host.provider("policy.v1", "yes"));
  const question = { identity: {}, call: "x", object: "domain", permission: "read", attributes: {} };
  const { signal } = new AbortController();
  t.true(await policy.allows(question, { identity: {}, readOnly: false, signal, log: silentLog }));
  t.like(await t.throwsAsync<VirtError>(host.provider("policy.v1", "good")), {
    code: "CONFIG_UNSUPPORTED",
    hint: "these do: yes",
  });
  await t.throwsAsync(host.provider("lock.v1", "good"), { message: /no plugin good provides lock\.v1/ });
});

test("a driver in use is warmed up once where the host is asked to, and never else", async (t) => {
  const entry = (name: string) => `globalThis.${name} = 0;
export default { "hypervisor.v1": class {
  *warmUp() { globalThis.${name}++; }
  open(uri) { return { uri: "warm:///", resolveDomain: (dom) => dom, close() {} }; }
} };`;
  const seen = globalThis as unknown as Record<string, number>;
  const packageOf = (name: string) => ({ [name]: { manifest: manifest(name), entry: entry(name) } });
  await using cold = await hostOf(packageOf("cold"));
  await using host = await hostOf({ ...packageOf("warm"), ...packageOf("unused") }, silentLog, true);
  for (const each of [cold, host, host]) await each.open(each === cold ? "cold:///" : "warm:///");
  for (const deadline = Date.now() + 120_000; Date.now() < deadline && seen.warm === 0; ) await delay(20);
  await delay(300);
  t.deepEqual([seen.warm, seen.cold, seen.unused], [1, 0, undefined]);
});
