import { aliasOf, allDevices, type Device, removeDevice } from "@polyvisor/sdk/conf/domain";
import { numberOf, objects, textOf } from "../capabilities/json.js";
import { noLongerRunning, qemuError } from "../errors.js";
import type { UnplugOutcome } from "../guest.js";
import { QmpError, unlessRefused } from "../monitor/index.js";
import { unplugCommands } from "./commands.js";
import type { Environment } from "./environment.js";
import { removeAll } from "./execute.js";
import type { Command } from "./monitor-args.js";

/**
 * Asks the guest to let go of a device, and waits a while for it. One that is slower is not given up: whoever hears of it
 * (`removeUnplugged`) goes on then. Fails where the guest refuses.
 */
export async function unplug(env: Environment, device: Device, options: { readonly wait: boolean }): Promise<void> {
  const alias = aliasOf(device);
  if (alias === undefined) throw qemuError("INTERNAL_ERROR", `Cannot detach ${device.kind} device with no alias`);
  const outcome = await askToLetGo(env, alias, options.wait ? env.unplugWait : 0);
  if (outcome === "refused") throw qemuError("OPERATION_FAILED", "unplug of device was rejected by the guest");
  if (outcome === "ended") throw noLongerRunning();
  if (outcome === "removed") await removeUnplugged(env, device);
}

/** Nobody waits: what becomes of it is told by events. */
async function askToLetGo(env: Environment, alias: string, wait: number): Promise<UnplugOutcome | "pending" | "ended"> {
  const { guest } = env;
  if (wait === 0) {
    return (await deleteDevice(env, alias)) ? "pending" : "removed";
  }
  let timer: NodeJS.Timeout | undefined;
  const outcome = new Promise<UnplugOutcome | "pending" | "ended">((resolve) => {
    guest.unplugs.set(alias, resolve);
    timer = setTimeout(resolve, wait, "pending");
    void guest.process?.ended.then(() => resolve("ended"));
  });
  try {
    if (!(await deleteDevice(env, alias))) return "removed";
    return await outcome;
  } finally {
    clearTimeout(timer);
    guest.unplugs.delete(alias);
  }
}

/** `false` where the emulator does not have it any more. */
async function deleteDevice({ guest }: Environment, alias: string): Promise<boolean> {
  try {
    await guest.qmp("device_del", { id: alias });
    return true;
  } catch (error) {
    if (error instanceof QmpError && error.qmpClass === "DeviceNotFound") return false;
    throw error;
  }
}

/** Kinds of which a part may be left behind without harm. */
const LENIENT: ReadonlySet<Device["kind"]> = new Set(["disk", "redirdev"]);

/**
 * Takes back all that a device had of which the guest has let go, in the reverse order of how it was given: the emulator's
 * parts, then those of the host. That it is gone is told last of all, so that whoever hears of it finds everything done.
 * Where the emulator keeps a part, the guest still has the device.
 */
export async function removeUnplugged(env: Environment, device: Device): Promise<void> {
  await forget(env, device);
  const alias = aliasOf(device);
  if (alias !== undefined) env.removed(alias);
}

/** The same without telling anyone. */
export async function forget(env: Environment, device: Device): Promise<void> {
  const { guest } = env;
  const commands = await leftOver(env, device);
  const kept = (error: unknown) => env.warn(error, `a part of device '${aliasOf(device)}' stays`);
  await removeAll(guest, commands, { strict: !LENIENT.has(device.kind), kept });
  await removeFdSets(env, device, commands);
  const present = allDevices(guest.config).find(
    (each) => each.kind === device.kind && aliasOf(each) === aliasOf(device),
  );
  if (present !== undefined) guest.config = removeDevice(guest.config, present);
  await env.steps.takeBack(present ?? device);
  if (device.kind === "memory") await refreshBalloon(env);
  // It is gone all the same: the next change is written again.
  await env.save().catch((error: unknown) => env.warn(error, "the status of a guest cannot be written"));
}

async function leftOver(env: Environment, device: Device): Promise<readonly Command[]> {
  try {
    return unplugCommands(env.guest.config, device, {
      caps: env.caps,
      runtime: await env.runtime(placeholders(device)),
    });
  } catch (error) {
    env.warn(error, `what device '${aliasOf(device)}' stood on is not known`);
    return [];
  }
}

/** Numbers of descriptors do not matter to what is taken away. */
function placeholders(device: Device) {
  const numbers = new Map([[aliasOf(device) ?? "", 0]]);
  return {
    device,
    taps: new Map([[aliasOf(device) ?? "", { fds: [0] }]]),
    chardevFds: new Map<string, number>(),
    vhostFds: numbers,
    helperSockets: new Map([[aliasOf(device) ?? "", ""]]),
    close() {},
  };
}

/** Sets of descriptors that QEMU was given for the device, which bear its name. */
async function removeFdSets({ guest }: Environment, device: Device, commands: readonly Command[]): Promise<void> {
  const isVdpa = device.kind === "interface" && device.source.type === "vdpa";
  const isChardev =
    device.kind === "serial" || device.kind === "parallel" || device.kind === "channel" || device.kind === "console";
  if (!isVdpa && !(isChardev && commands.some(({ name }) => name === "chardev-add"))) return;
  const alias = aliasOf(device) ?? "";
  const path = isVdpa && device.source.type === "vdpa" ? device.source.dev : undefined;
  for (const set of objects(await unlessRefused(guest.qmp("query-fdsets")))) {
    const names = objects(set.fds).map((fd) => textOf(fd, "opaque") ?? "");
    if (!names.some((name) => name.startsWith(alias) || name === path)) continue;
    await unlessRefused(guest.qmp("remove-fd", { "fdset-id": numberOf(set, "fdset-id") ?? -1 }));
  }
}

/** With memory that came or went, the balloon has another size. */
export async function refreshBalloon({ guest }: Environment): Promise<void> {
  const answer = await unlessRefused(guest.qmp("query-balloon"));
  const actual =
    typeof answer === "object" && answer !== null && "actual" in answer ? Number(answer.actual) : undefined;
  const currentMemory = actual === undefined ? guest.config.memory : Math.floor(actual / 1024);
  guest.config = { ...guest.config, currentMemory };
}
