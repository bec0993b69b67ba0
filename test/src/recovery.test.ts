import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { EventRecorder } from "./harness/event-recorder.js";
import { guestImage } from "./harness/guest-image.js";
import { bootableXml, idleXml } from "./harness/guest-xml.js";
import { hypervisor, program, testWith } from "./harness/needs.js";
import { type Polyvisord, withPolyvisord } from "./harness/polyvisord.js";
import { isRunning, until } from "./harness/processes.js";
import { tellMonitor } from "./harness/qmp.js";
import { DETACH, Terminal } from "./harness/terminal.js";
import { Virsh } from "./harness/virsh.js";

const NEEDS = [...(await hypervisor()), await program("stdbuf")];
const IMAGE = await guestImage();
const uuid = (digit: number) => `6f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f1${digit}`;

async function guestPid(daemon: Polyvisord, name: string): Promise<number> {
  return Number(await readFile(join(daemon.root, `run/libvirt/qemu/${name}.pid`), "utf8"));
}

/** The socket of a guest's monitor: in a folder whose name ends with the guest's. */
async function monitorOf(daemon: Polyvisord, name: string): Promise<string> {
  const files = (await readdir(daemon.root, { recursive: true })).map((file) => join(daemon.root, file));
  const found = files.find((file) => file.endsWith("/monitor.sock") && file.includes(`-${name}/`));
  if (found === undefined) throw new Error(`${name} has no monitor: ${files.join("\n")}`);
  return found;
}

testWith("after a kill -9 guests are found again, and what happened meanwhile is told", NEEDS, (t) =>
  withPolyvisord(async (daemon) => {
    if (IMAGE === undefined) return t.fail("no guest image");
    const virsh = new Virsh(daemon.uri("qemu"));
    await virsh.define(bootableXml("kept", IMAGE, { uuid: uuid(1) }));
    const console = new Terminal("virsh", ["-c", virsh.uri, "start", "kept", "--console"]);
    for (const [index, name] of ["died", "paused", "off"].entries()) {
      await virsh.define(idleXml(name, "qemu", uuid(index + 2)));
      await virsh.ok("start", name);
    }
    await virsh.fromXml("create", idleXml("transient", "qemu", uuid(5)));
    await console.expect("guest>");
    console.type("memory=kept\r");
    await console.expect("guest>");
    const before = { xml: await virsh.ok("dumpxml", "kept"), ids: await virsh.ok("list") };
    const names = ["kept", "died", "paused", "off", "transient"];
    const pids = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await guestPid(daemon, name)] as const)),
    );

    await daemon.end("SIGKILL");
    await console.stop();
    for (const name of names) t.true(await isRunning(pids[name] ?? 0), `${name} runs on`);
    for (const name of ["died", "transient"]) process.kill(pids[name] ?? 0, "SIGKILL");
    await tellMonitor(await monitorOf(daemon, "paused"), "stop");
    await tellMonitor(await monitorOf(daemon, "off"), "quit");
    await until("the guests are gone", async () => {
      const running = await Promise.all(["died", "off", "transient"].map((name) => isRunning(pids[name] ?? 0)));
      return !running.includes(true);
    });

    await daemon.start();
    const state = (name: string) => virsh.ok("domstate", name, "--reason");
    t.is(await state("kept"), "running (booted)");
    t.is(await state("paused"), "paused (user)");
    t.is(await state("died"), "shut off (crashed)");
    t.is(await state("off"), "shut off (crashed)");
    t.regex(await virsh.fails("domstate", "transient"), /failed to get domain 'transient'/);
    t.is(await virsh.ok("dumpxml", "kept"), before.xml);
    const idOf = (list: string, name: string) => new RegExp(`(\\d+) +${name} `).exec(list)?.[1];
    t.is(idOf(await virsh.ok("list"), "paused"), idOf(before.ids, "paused"));

    const events = await EventRecorder.start(virsh, "qemu");
    const missed = [
      "died: Stopped Failed",
      "off: Stopped Failed",
      "paused: Suspended Paused",
      "transient: Stopped Failed",
    ];
    t.deepEqual((await events.wait("lifecycle", missed.length)).sort(), missed);
    await virsh.ok("resume", "paused");
    await virsh.ok("suspend", "kept");
    await virsh.ok("resume", "kept");
    const again = new Terminal("virsh", ["-c", virsh.uri, "console", "kept"]);
    await again.expect("Escape character");
    again.type("\recho the memory is $memory\r");
    await again.expect("the memory is kept");
    again.type(DETACH);
    await again.ended();
    await virsh.ok("shutdown", "kept");
    await until("kept is off", async () => (await state("kept")) === "shut off (shutdown)");
    await virsh.ok("start", "died");
    t.not(idOf(await virsh.ok("list"), "died"), idOf(before.ids, "died"), "ids are not used twice");
    process.kill(pids.paused ?? 0, "SIGKILL");
    await until("paused has crashed", async () => (await state("paused")) === "shut off (crashed)");
    await events.settle();
    t.deepEqual(events.of("lifecycle").slice(missed.length), [
      "paused: Resumed Unpaused",
      "kept: Suspended Paused",
      "kept: Resumed Unpaused",
      "kept: Shutdown Finished after guest request",
      "kept: Stopped Shutdown",
      "died: Resumed Unpaused",
      "died: Started Booted",
      "paused: Stopped Failed",
    ]);
    await events.stop();
  }),
);

testWith("a daemon that is told to end leaves its guests, and the next one finds them", NEEDS, (t) =>
  withPolyvisord(async (daemon) => {
    const virsh = new Virsh(daemon.uri("qemu"));
    await virsh.define(idleXml("stays", "qemu", uuid(6)));
    await virsh.ok("autostart", "stays");
    await virsh.define(idleXml("starts", "qemu", uuid(7)));
    await virsh.ok("start", "stays");
    const pid = await guestPid(daemon, "stays");
    t.is(await daemon.end("SIGTERM"), 0);
    t.true(await isRunning(pid));
    await daemon.start();
    t.is(await virsh.ok("domstate", "stays"), "running");
    t.is(await guestPid(daemon, "stays"), pid, "the same guest, not another one");
    t.is(await virsh.ok("domstate", "starts"), "shut off");
    t.is(await virsh.ok("list", "--all", "--autostart", "--name"), "stays");
    await virsh.ok("destroy", "stays");
    t.false(await isRunning(pid));
  }),
);
