import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { echoGuest } from "@polyvisor/sdk/testkit";
import { program, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { isRunning, until } from "./harness/processes.js";
import { DETACH, Terminal } from "./harness/terminal.js";
import { Virsh } from "./harness/virsh.js";

const VIRSH = await program("virsh");
const QEMU = [VIRSH, await program("qemu-system-x86_64")];

/** Processes of Node start slowly on a busy machine. */
const PATIENCE_MS = 120_000;

/** A daemon that runs these plugins in processes of their own, and tells in its log of each that ends. */
async function withIsolated(plugins: readonly string[], body: (daemon: Polyvisord) => Promise<void>): Promise<void> {
  const daemon = new Polyvisord(await mkdtemp(join(tmpdir(), "polyvisord-")));
  try {
    const config = join(daemon.root, "polyvisord.conf");
    await writeFile(config, `isolate = [ ${plugins.map((name) => `"${name}"`).join(", ")} ]\nlog_level = 2\n`);
    await daemon.start("--config", config);
    await body(daemon);
  } finally {
    await daemon.dispose();
  }
}

/** The process of an isolated plugin: its command line ends with the plugin's name. */
async function processOf(daemon: Polyvisord, plugin: string): Promise<number> {
  const children = await readFile(`/proc/${daemon.pid}/task/${daemon.pid}/children`, "utf8");
  for (const pid of children.trim().split(" ").map(Number)) {
    const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
    if (words.some((word) => word.endsWith("/polyvisor-plugin.js")) && words.includes(plugin)) return pid;
  }
  throw new Error(`no process of ${plugin}: ${children}`);
}

/** Kills a plugin's process, and waits until another one is there. */
async function killPlugin(daemon: Polyvisord, plugin: string): Promise<void> {
  const pid = await processOf(daemon, plugin);
  process.kill(pid, "SIGKILL");
  const isThere = async () => (await processOf(daemon, plugin).catch(() => pid)) !== pid;
  await until("the plugin runs again", isThere, PATIENCE_MS);
}

testWith("libvirt's clients do not see that a driver is isolated, but for its end", [VIRSH], (t) =>
  withIsolated(["test"], async (daemon) => {
    const virsh = new Virsh(daemon.uri("test"));
    t.regex(await virsh.ok("list"), / 1 +test +running/);
    t.regex(await virsh.fails("dominfo", "nobody"), /error: failed to get domain 'nobody'/);
    t.is(await virsh.ok("net-list", "--name"), "default");
    const events = new Terminal("virsh", ["-c", virsh.uri, "event", "--all", "--loop"]);
    await until(
      "virsh prints events",
      async () => {
        // In one connection, because the test driver forgets everything when its last connection closes.
        await virsh.ok("suspend test; resume test");
        return ["Suspended Paused", "Resumed Unpaused"].every((event) =>
          events.shown.includes(`event 'lifecycle' for domain 'test': ${event}`),
        );
      },
      PATIENCE_MS,
    );
    const console = new Terminal("virsh", ["-c", virsh.uri, "console", "test"]);
    await console.expect("Escape character", PATIENCE_MS);
    console.type("over there\r");
    await console.expect("over there", PATIENCE_MS);

    await killPlugin(daemon, "test");
    // The console's stream ends; who listens to events is told that the connection is over.
    t.not(await console.ended(), 0);
    await events.expect("Disconnected from test", PATIENCE_MS);
    t.regex(daemon.said, /"plugin":"test".*"reason":"killed by SIGKILL".*the process of a plugin has ended/);
    t.regex(await virsh.ok("list"), / 1 +test +running/);
    await Promise.all([console.stop(), events.stop()]);
  }),
);

testWith("an isolated QEMU driver is killed: its guest runs on, is found again, and its console reached", QEMU, (t) =>
  withIsolated(["qemu"], async (daemon) => {
    const virsh = new Virsh(daemon.uri("qemu"));
    await virsh.define(await echoGuest(daemon.root, "echo"));
    await virsh.ok("start", "echo");
    const pid = Number(await readFile(join(daemon.root, "run/libvirt/qemu/echo.pid"), "utf8"));
    const before = await virsh.ok("dumpxml", "echo");
    const list = await virsh.ok("list", "--all");
    await typeAndHear(virsh, "before");

    await killPlugin(daemon, "qemu");
    t.is(await virsh.ok("list", "--all"), list);
    t.true(await isRunning(pid), "the guest runs on");
    t.is(await virsh.ok("dumpxml", "echo"), before);
    await typeAndHear(virsh, "after");

    // The daemon itself is killed: the plugin's process does not outlive it, the guest does.
    const orphan = await processOf(daemon, "qemu");
    await daemon.end("SIGKILL");
    await until("the plugin's process is gone", async () => !(await isRunning(orphan)), PATIENCE_MS);
    t.true(await isRunning(pid), "the guest runs on");
    await daemon.start("--config", join(daemon.root, "polyvisord.conf"));
    t.is(await virsh.ok("list", "--all"), list);
    await virsh.ok("destroy", "echo");
    await until("the guest is gone", async () => !(await isRunning(pid)), PATIENCE_MS);
  }),
);

/** The guest sends back what it gets, once it has booted. */
async function typeAndHear(virsh: Virsh, words: string): Promise<void> {
  const console = new Terminal("virsh", ["-c", virsh.uri, "console", "echo", "--force"]);
  await console.expect("Escape character", PATIENCE_MS);
  await until(
    "the guest answers",
    async () => {
      console.type(words);
      return console.shown.includes(words);
    },
    PATIENCE_MS,
  );
  console.type(DETACH);
  await console.stop();
}
