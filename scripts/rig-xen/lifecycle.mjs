import { deepStrictEqual, match, ok } from "node:assert/strict";
import { until } from "./dom0.mjs";
import { booted, defined, done, gone, rowOf, started, stateOf, uuid } from "./xl.mjs";

/** What virsh is told of a domain of that name, in its order. */
export const toldOf = (lines, name, kind = "lifecycle") =>
  lines.filter((line) => line.includes(`'${kind}' for domain '${name}'`)).map((line) => line.replace(/.*: /, ""));

export const lifecycle = (machine) => async (dom0) => {
  const name = `life-${machine}`;
  const heard = await dom0.watch();
  const { id } = await started(dom0, name, uuid("a0"), { machine });
  await pausedAndResumed(dom0, name);
  // An emulated host's hardware support is slow: a guest that needs it may never boot with two processors.
  const vcpus = machine === "xenpv" ? 2 : 1;
  await tuned(dom0, name, vcpus);
  const reborn = await rebooted(dom0, name, id);
  deepStrictEqual((await onlineVcpus(dom0, name)).length, vcpus);
  ok(reborn.id > id);
  await done(dom0, "shutdown", name, "--mode", "paravirt");
  await until("it is off", async () => (await stateOf(dom0, name)) === "shut off");
  deepStrictEqual(await rowOf(dom0, name), undefined);
  await done(dom0, "start", name, "--paused");
  deepStrictEqual((await rowOf(dom0, name)).paused, true);
  await gone(dom0, name);
  // An event may come after the answer to the call that caused it.
  await until("its end is told", async () => toldOf(heard, name).includes("Undefined Removed"));
  deepStrictEqual(toldOf(heard, name), [
    "Defined Added",
    "Started Booted",
    "Suspended Paused",
    "Resumed Unpaused",
    "Stopped Shutdown",
    "Started Booted",
    "Stopped Shutdown",
    "Started Booted",
    "Suspended Paused",
    "Stopped Destroyed",
    "Undefined Removed",
  ]);
  deepStrictEqual(toldOf(heard, name, "balloon-change"), [`${144 * 1024}KiB`]);
};

async function pausedAndResumed(dom0, name) {
  await done(dom0, "suspend", name);
  deepStrictEqual(await stateOf(dom0, name), "paused");
  deepStrictEqual((await rowOf(dom0, name)).paused, true);
  await done(dom0, "resume", name);
  deepStrictEqual(await stateOf(dom0, name), "running");
  deepStrictEqual((await rowOf(dom0, name)).paused, false);
}

async function tuned(dom0, name, definedVcpus) {
  const { id } = await rowOf(dom0, name);
  await done(dom0, "setmem", name, "144M");
  await until("it has grown", async () => Math.abs((await rowOf(dom0, name)).memory - 144) <= 1);
  deepStrictEqual((await onlineVcpus(dom0, name)).length, 1);
  await done(dom0, "setvcpus", name, "2", "--live");
  await done(dom0, "setvcpus", name, String(definedVcpus), "--config");
  deepStrictEqual((await dom0.shell(`xenstore-read /local/domain/${id}/cpu/1/availability`)).trim(), "online");
  await done(dom0, "vcpupin", name, "0", "1");
  match(await dom0.shell(`xl vcpu-list ${name}`), /^\S+ +\d+ +0 .* 1 \/ all/m);
  await done(dom0, "schedinfo", name, "--set", "weight=512");
  await done(dom0, "schedinfo", name, "--set", "cap=40");
  match(await dom0.shell(`xl sched-credit2 -d ${name}`), / 512 +40$/m);
}

async function onlineVcpus(dom0, name) {
  const lines = (await dom0.shell(`xl vcpu-list ${name}`)).split("\n").slice(1);
  return lines.filter((line) => /^\S+ +\d+ +\d+ +[\d-]+ +[r-][b-]-/.test(line) && !/ --p /.test(line));
}

async function rebooted(dom0, name, id) {
  await done(dom0, "reboot", name, "--mode", "paravirt");
  await until("it has booted anew", async () => ((await rowOf(dom0, name))?.id ?? 0) > id);
  return booted(dom0, name);
}

/** Once for each boot of dom0. */
export async function autostart(dom0) {
  await defined(dom0, "early", uuid("a6"));
  await done(dom0, "autostart", "early");
  match(await dom0.virsh(dom0.ours, "list", "--all", "--autostart"), /early/);
  await dom0.daemon.end("SIGKILL");
  await dom0.daemon.start();
  deepStrictEqual(await stateOf(dom0, "early"), "shut off");
  await dom0.daemon.end("SIGKILL");
  await dom0.daemon.forget();
  await dom0.daemon.start();
  await until("it has started by itself", async () => (await stateOf(dom0, "early")) === "running");
  ok((await rowOf(dom0, "early")) !== undefined);
  await gone(dom0, "early");
}

/** A domain runs on while nobody drives it; what happens to it meanwhile is known afterwards. */
export async function killed(dom0) {
  const { id } = await started(dom0, "stays", uuid("a5"));
  await dom0.daemon.end("SIGKILL");
  await dom0.shell("xl pause stays");
  await dom0.daemon.start();
  deepStrictEqual(await stateOf(dom0, "stays"), "paused");
  deepStrictEqual((await rowOf(dom0, "stays")).id, id);
  await done(dom0, "resume", "stays");
  await rebooted(dom0, "stays", id);
  await dom0.daemon.end("SIGKILL");
  await dom0.shell("xl destroy stays");
  await dom0.daemon.start();
  deepStrictEqual(await stateOf(dom0, "stays"), "shut off");
  await gone(dom0, "stays");
}

/** Domains of xl's come and go, and are told of, though nobody asks for them. */
export async function others(dom0) {
  const heard = await dom0.watch();
  await dom0.shell("xl create /guests/min.cfg >/dev/null");
  await until("it is told", async () => toldOf(heard, "min").includes("Started Booted"));
  deepStrictEqual(await stateOf(dom0, "min"), "running");
  deepStrictEqual(await done(dom0, "domid", "min"), String((await rowOf(dom0, "min")).id));
  match(await done(dom0, "dumpxml", "min"), /<kernel>\/guests\/vmlinuz<\/kernel>/);
  await dom0.shell("xl destroy min");
  await until("its end is told", async () => toldOf(heard, "min").some((told) => told.startsWith("Stopped")));
  match(await stateOf(dom0, "min"), /failed to get domain/);
  deepStrictEqual(toldOf(heard, "min"), ["Started Booted", "Stopped Destroyed"]);
}
