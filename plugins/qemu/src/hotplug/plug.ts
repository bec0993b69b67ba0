import { type Device, insertDevice } from "@polyvisor/sdk/conf/domain";
import { isObject, type Json, numberOf, objects, textOf } from "../capabilities/json.js";
import { plugCommands } from "./commands.js";
import type { Environment, OpenedDevice } from "./environment.js";
import { executeAll } from "./execute.js";
import type { Command } from "./monitor-args.js";

/**
 * Gives a device to a guest that runs: all that is done before the emulator hears of it, then the emulator. The device has
 * its place and its name. Where anything fails, nothing is left of it, and the guest is as it was. Resolves with the device
 * as the guest has it.
 *
 * The status file tells of the device before anything is given: where this daemon ends in between, the next one finds out
 * whether the guest got it, and takes back what was given if not.
 */
export async function plug(env: Environment, wanted: Device): Promise<Device> {
  const { guest } = env;
  guest.plugging = wanted;
  try {
    await env.save();
    const given = await env.steps.give(wanted);
    guest.plugging = given;
    try {
      const device = await giveToEmulator(env, given);
      guest.config = insertDevice(guest.config, device);
      return device;
    } catch (error) {
      await env.steps.takeBack(given);
      throw error;
    }
  } finally {
    guest.plugging = undefined;
    // Also where it failed: the file must not tell of the device any more.
    await env.save().catch((error: unknown) => env.warn(error, "the status of a guest cannot be written"));
  }
}

async function giveToEmulator(env: Environment, given: Device): Promise<Device> {
  const opened = await env.open(given);
  try {
    const { device } = opened;
    const commands = await commandsFor(env, device, opened);
    const answers = await executeAll(env.guest, commands);
    return withTerminal(device, commands, answers);
  } finally {
    opened.close();
  }
}

async function commandsFor(env: Environment, device: Device, opened: OpenedDevice): Promise<readonly Command[]> {
  const { guest, caps } = env;
  const runtime = await env.runtime(opened);
  const { config } = guest;
  const domain = insertDevice(config, device);
  const first = plugCommands(domain, device, { caps, runtime });
  if (!first.some(({ name }) => name === "add-fd")) return first;
  return plugCommands(domain, device, { caps, runtime, fdSet: await freeFdSet(env) });
}

async function freeFdSet({ guest }: Environment): Promise<number> {
  const sets = objects(await guest.qmp("query-fdsets"));
  return Math.max(-1, ...sets.map((set) => numberOf(set, "fdset-id") ?? -1)) + 1;
}

/** The emulator has made a terminal, and says which. */
function withTerminal(device: Device, commands: readonly Command[], answers: readonly Json[]): Device {
  if (!("source" in device) || typeof device.source !== "object" || !("type" in device.source)) return device;
  if (device.source.type !== "pty") return device;
  const answer = answers[commands.findIndex(({ name }) => name === "chardev-add")];
  const path = isObject(answer) ? textOf(answer, "pty") : undefined;
  return path === undefined ? device : ({ ...device, source: { ...device.source, path } } as Device);
}
