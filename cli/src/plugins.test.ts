import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Connection, createHost, VirtError } from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { runPolyvisord } from "./testing/daemon.js";

const BIN = fileURLToPath(new URL("../bin/polyvisor.js", import.meta.url));
const CLI = fileURLToPath(new URL("..", import.meta.url));
const CORE = import.meta.resolve("@polyvisor/core");
const TSYRINGE = import.meta.resolve("tsyringe");

/**
 * A driver whose one guest is a process that outlives everybody: it is started with the first driver that finds none. The
 * connection's type is the version of the code, the settings and the guest's pid.
 */
const driverOf = (version: string) => `import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { inject, injectable } from "${TSYRINGE}";
import { PLUGIN_CONFIG, providers } from "${CORE}";
const NOTE = new URL("../guest.pid", import.meta.url);
class Driver {
  constructor(config) { this.config = config; }
  start() {
    try {
      this.pid = Number(readFileSync(NOTE, "utf8"));
    } catch {
      const guest = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
      guest.unref();
      this.pid = guest.pid;
      writeFileSync(NOTE, String(guest.pid));
    }
  }
  open() {
    return {
      uri: "toy:///",
      resolveDomain: (dom) => dom,
      connectGetType: () => "${version} " + this.config.colour + " " + this.pid,
      close() {},
    };
  }
}
inject(PLUGIN_CONFIG)(Driver, undefined, 0);
injectable()(Driver);
export default providers({ "hypervisor.v1": Driver });
`;

const SCHEMA = { type: "object", properties: { colour: { enum: ["red", "blue"], default: "red" } } };

async function writePlugin(folder: string, version: string, entry: string, more: object = {}): Promise<string> {
  const polyvisor = {
    name: "toy",
    contracts: ["hypervisor.v1"],
    schemes: ["toy"],
    entry: "./index.js",
    stateful: true,
  };
  const json = { name: "toy", version, type: "module", polyvisor: { ...polyvisor, configuration: SCHEMA, ...more } };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify(json));
  await writeFile(join(folder, "index.js"), entry);
  return folder;
}

/** A daemon with version 1 of the driver. */
async function startDaemon(t: ExecutionContext, settings = ""): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "polyvisord-"));
  const one = await writePlugin(join(root, "drivers/one"), "1.0.0", driverOf("one"));
  await mkdir(join(root, "etc/libvirt/plugins"), { recursive: true });
  await writeFile(join(root, "etc/libvirt/polyvisord.conf"), `plugins = [ "${one}" ]\n${settings}`);
  const end = await runPolyvisord(root);
  t.teardown(async () => {
    await end();
    await endGuest(root);
    await rm(root, { recursive: true });
  });
  return root;
}

async function endGuest(root: string): Promise<void> {
  const pid = Number(await readFile(join(root, "drivers/guest.pid"), "utf8").catch(() => "0"));
  if (pid > 0) process.kill(pid, "SIGKILL");
}

async function polyvisor(root: string, ...args: string[]): Promise<{ code: number | null; words: string }> {
  const child = spawn(process.execPath, [BIN, "--root", root, "-c", "test:///default", ...args], { stdio: "pipe" });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { code: code as number | null, words: `${out}${err}`.trim() };
}

async function connect(t: ExecutionContext, root: string, scheme: string, readOnly = false): Promise<Connection> {
  const host = await createHost({ dependenciesOf: CLI });
  t.teardown(() => host.close());
  const socket = join(root, "run/libvirt", readOnly ? "libvirt-sock-ro" : "libvirt-sock");
  return host.open(`${scheme}+unix:///default?socket=${socket}`, { readOnly });
}

test("a plugin in a process of its own is disabled, enabled and replaced while the daemon and its guest run", async (t) => {
  t.timeout(300_000);
  const root = await startDaemon(t);
  const two = await writePlugin(join(root, "drivers/two"), "2.0.0", driverOf("two"));
  const settings = join(root, "etc/libvirt/plugins/toy.conf");
  const told = async (...args: string[]) => {
    const { code, words } = await polyvisor(root, ...args);
    return `${code} ${words}`;
  };
  const typeOf = async () => (await connect(t, root, "toy")).api.connectGetType({});
  const guest = (await typeOf()).split(" ")[2] ?? "";
  t.is(await told("plugin-disable", "toy"), "0 Plugin 'toy' disabled");
  t.regex(await told("plugins"), /^ toy .* disabled: by the operator; process stopped$/m);
  await t.throwsAsync(connect(t, root, "toy"), { code: "NO_CONNECT" } as never);

  await writeFile(settings, 'colour = "green"\n');
  const { api } = await connect(t, root, "test");
  await t.throwsAsync(api.connectEnablePlugin({ name: "toy", flags: 0 }), {
    message: /toy\.conf:1: colour must be one of "red", "blue"/,
  });
  await writeFile(settings, 'colour = "blue"\n');
  t.regex(await told("plugin-enable", "toy"), /^0 Plugin 'toy' enabled: 1\.0\.0, enabled; process \d+ running$/);
  t.is(await typeOf(), `one blue ${guest}`);

  const before = await connect(t, root, "toy");
  t.regex(await told("plugin-replace", "toy", two), /^0 Plugin 'toy' replaced: 2\.0\.0, enabled; process \d+ running$/);
  t.true((await before.lost) instanceof VirtError);
  t.is(await typeOf(), `two blue ${guest}`);
  t.true(process.kill(Number(guest), 0));
});

test("a version that cannot serve changes nothing: the one before goes on, or runs again", async (t) => {
  t.timeout(300_000);
  const root = await startDaemon(t);
  const folders = join(root, "drivers");
  const rows: readonly (readonly [string, string, object, RegExp])[] = [
    ["other", driverOf("other"), { name: "other" }, /holds the plugin other, not toy/],
    ["less", driverOf("less"), { contracts: ["network.v1"] }, /toy 2\.0\.0 does not provide hypervisor\.v1/],
    ["bad", driverOf("bad"), { entry: "../one/index.js" }, /"polyvisor\.entry" must be a path inside the package/],
    ["throws", "throw new Error('not today');", {}, /toy 2\.0\.0 does not run: .*not today.*; 1\.0\.0 runs again/],
  ];
  const { api } = await connect(t, root, "test");
  const type = await (await connect(t, root, "toy")).api.connectGetType({});
  for (const [name, entry, more, words] of rows) {
    const folder = await writePlugin(join(folders, name), "2.0.0", entry, more);
    await t.throwsAsync(api.connectReplacePlugin({ name: "toy", folder, flags: 0 }), { message: words });
    t.is(await (await connect(t, root, "toy")).api.connectGetType({}), type);
  }
  const replace = (folder: string) => api.connectReplacePlugin({ name: "toy", folder, flags: 0 });
  await t.throwsAsync(replace("/nowhere"), { message: /there is no plugin in \/nowhere/ });
  await t.throwsAsync(replace("drivers/one"), { message: /drivers\/one is no absolute path/ });
  await t.throwsAsync(api.connectEnablePlugin({ name: "toi", flags: 0 }), { message: /there is no plugin toi/ });
  await t.throwsAsync(api.connectDisablePlugin({ name: "test", flags: 0 }), {
    message: /the plugin test runs in the daemon's own process/,
  });
});

test("who only looks sees the plugins and changes none", async (t) => {
  const root = await startDaemon(t);
  const { api } = await connect(t, root, "test", true);
  t.true((await api.connectListAllPlugins({ flags: 0 })).some(({ name }) => name === "toy"));
  const calls = [
    api.connectEnablePlugin({ name: "toy", flags: 0 }),
    api.connectDisablePlugin({ name: "toy", flags: 0 }),
    api.connectReplacePlugin({ name: "toy", folder: null, flags: 0 }),
  ];
  for (const call of calls) await t.throwsAsync(call, { code: "OPERATION_DENIED" } as never);
});
