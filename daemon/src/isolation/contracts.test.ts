import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createHost, type Host, rootPaths } from "@polyvisor/core";
import type { ExecutionContext } from "ava";
import test from "ava";
import { rootFolder } from "../testing/process.js";
import { RecordedLog } from "../testing/recorded-log.js";
import { writePlugin } from "../testing/toy-plugin.js";
import { createIsolation } from "./index.js";

/** Gives descriptors of files, and knows for whom. A read that nobody waits for any more is noted. */
const KEEPER = `
import { closeSync, openSync, writeFileSync } from "node:fs";
export default { "log.v1": class {
  openLogFile({ path, guest }, { identity }) {
    writeFileSync(path + ".asked", guest.name + " by " + identity.uid);
    return new core.Descriptor(openSync(path, "a"));
  }
  readLogFile({ path }, { signal }) {
    return new Promise((_, fail) => signal.addEventListener("abort", () => {
      writeFileSync(path + ".cancelled", "");
      fail(new core.VirtError("OPERATION_ABORTED", "nobody waits"));
    }));
  }
  appendLogFile({ message }) {
    if (message === "exit") process.exit(5);
    throw message === "known" ? new core.VirtError("OPERATION_INVALID", "not today") : new TypeError("a fault");
  }
} };`;

const NETWORKS = `
const net = { name: "lan", uuid: "00000000-0000-4000-8000-000000000001" };
const listeners = new Set();
export default { "network.v1": class {
  open(uri, { identity }) {
    return {
      objectEvents: { subscribe(kind, about, listener) { listeners.add(listener); return () => listeners.delete(listener); } },
      connectListAllNetworks: () => [{ ...net, name: "lan of " + identity.uid }],
      networkLookupByName: ({ name }) => {
        for (const listener of listeners) listener({ kind: "networkLifecycle", object: { ...net, name }, event: 2, detail: 0 });
        return net;
      },
      close() {},
    };
  }
} };`;

/** A hypervisor that passes on what it is asked for by name to those who serve it, and answers with what it heard. */
const USER = `
import { writeSync } from "node:fs";
const guest = { uuid: "00000000-0000-4000-8000-000000000002", name: "guest" };
const ways = {
  async log(services, path) {
    const log = await services.connect("log.v1", { uid: 4711 });
    const descriptor = await log.openLogFile({ driver: "user", guest, path, truncate: 0 });
    writeSync(descriptor.fd, "said by the guest");
    descriptor.close();
    return (await services.connectAll("log.v1")).map(({ plugin }) => plugin).join();
  },
  async wait(services, path) {
    const log = await services.connect("log.v1");
    return String(await log.readLogFile({ path, position: { inode: 0, offset: 0 }, maxBytes: 1 }, { signal: AbortSignal.timeout(100) }).catch((error) => error.code));
  },
  async fail(services, message) {
    const log = await services.connect("log.v1");
    return log.appendLogFile({ driver: "user", guest, path: "/", message }).catch((error) => (error.code ?? error.name) + ": " + error.message);
  },
  async lock(services) { return String(await services.connect("lock.v1")); },
  async net(services) {
    const networks = await services.connect("network.v1", { uid: 815 });
    const heard = new Promise((resolve) => networks.objectEvents.subscribe("networkLifecycle", undefined, resolve));
    const [{ name }] = await networks.connectListAllNetworks({ flags: 0 });
    while (await Promise.race([heard, new Promise((go) => setTimeout(go, 50))]) === undefined) await networks.networkLookupByName({ name: "lan" });
    const event = await heard;
    const lacking = await networks.networkCreateXML({ xml: "" }).catch(({ code }) => code);
    await networks.close();
    return [name, event.object.name, lacking].join(" ");
  },
};
class User {
  constructor(services) { this.services = services; }
  open() {
    return {
      uri: "user:///system",
      resolveDomain: (dom) => dom,
      domainLookupByName: async ({ name }) => {
        const [way, word] = name.split(" ");
        return { name: await ways[way](this.services, word), uuid: guest.uuid, id: -1 };
      },
      close() {},
    };
  }
}
inject(core.HOST_SERVICES)(User, undefined, 0);
export default { "hypervisor.v1": User };`;

interface Served {
  readonly host: Host;
  readonly log: RecordedLog;
  readonly root: string;
  /** What the isolated hypervisor answers. */
  ask(name: string): Promise<string>;
}

/** A hypervisor in a process of its own, served by others which are isolated, too, but for those named. */
async function served(t: ExecutionContext, inProcess: readonly string[]): Promise<Served> {
  const root = await rootFolder(t);
  const folder = (name: string) => join(root, name);
  const plugins = [
    await writePlugin(folder("user"), { name: "user", contracts: ["hypervisor.v1"], schemes: ["user"] }, USER),
    await writePlugin(folder("keeper"), { name: "keeper", contracts: ["log.v1"] }, KEEPER),
    await writePlugin(folder("nets"), { name: "nets", contracts: ["network.v1"] }, NETWORKS),
  ];
  const log = new RecordedLog();
  const isolation = createIsolation({ inProcess });
  const host = await createHost({ paths: rootPaths(root), log, plugins, isolation, use: { "log.v1": "keeper" } });
  t.teardown(() => host.close());
  const connection = await host.open("user:///system");
  return { host, log, root, ask: async (name) => (await connection.api.domainLookupByName({ name })).name };
}

for (const [where, inProcess] of [
  ["in processes of their own", []],
  ["in the host's process", ["keeper", "nets"]],
] as const)
  test(`an isolated driver is served by plugins ${where}: locks, logs and networks, with descriptors and events`, async (t) => {
    const { root, ask } = await served(t, inProcess);
    const path = join(root, "guest.log");
    t.is(await ask(`log ${path}`), "keeper");
    t.is(await readFile(path, "utf8"), "said by the guest");
    t.is(await readFile(`${path}.asked`, "utf8"), "guest by 4711");
    t.is(await ask(`wait ${path}`), "OPERATION_ABORTED");
    t.is(await readFile(`${path}.cancelled`, "utf8"), "");
    t.is(await ask("fail known"), "OPERATION_INVALID: Requested operation is not valid: not today");
    t.regex(await ask("fail unknown"), /a fault/);
    t.is(await ask("lock"), "undefined", "nobody provides it");
    t.is(await ask("net"), "lan of 815 lan NO_SUPPORT");
  });

test("a log manager that ends under a call is an error of that call alone, and serves the next", async (t) => {
  const { root, ask, host } = await served(t, []);
  t.regex(await ask("fail exit"), /^SYSTEM_ERROR: .*the process of plugin keeper ended: exit code 5/);
  t.is(await ask(`log ${join(root, "guest.log")}`), "keeper");
  t.is(host.supervisor("user")?.status.crashes, 0);
  t.is(host.supervisor("keeper")?.status.crashes, 1);
});

const labels = (probe: string) => `export default { "security.v1": class { probe() { ${probe} } model() {} } };`;

test("an isolated plugin with nothing to do on this host is told apart from a broken one, also where it drives nothing", async (t) => {
  const root = await rootFolder(t);
  const write = (name: string, probe: string) =>
    writePlugin(join(root, name), { name, contracts: ["security.v1"] }, labels(probe));
  const plugins = [
    await write("usable", "return { usable: true, detail: 'enforced' };"),
    await write("idle", "return { usable: false, reason: 'the kernel runs without' };"),
    await write("torn", "throw new Error('it is there, but no tool');"),
  ];
  const host = await createHost({
    paths: rootPaths(root),
    log: new RecordedLog(),
    plugins,
    isolation: createIsolation({}),
  });
  t.teardown(() => host.close());
  const found = new Map((await host.probe()).map((status) => [status.name, status]));
  t.like(found.get("usable"), { state: "enabled", message: "enforced" });
  t.like(found.get("idle"), { state: "inapplicable", message: "the kernel runs without" });
  t.is(found.get("torn")?.state, "broken");
  t.regex(found.get("torn")?.message ?? "", /it is there, but no tool/);
  await t.throwsAsync(async () => host.provider("security.v1", "idle"), {
    message: /has nothing to drive on this host: the kernel/,
  });
});
