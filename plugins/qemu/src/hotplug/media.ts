import { type Disk, mapDevices, type StorageSource } from "@polyvisor/sdk/conf/domain";
import { isEmptySource } from "../command-line/disks.js";
import { noLongerRunning, qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import { QmpError } from "../monitor/index.js";
import { deviceOf, throttlesOf } from "../start/throttle.js";
import { plugCommands } from "./commands.js";
import type { Environment } from "./environment.js";
import { executeAll, undoAll } from "./execute.js";
import type { Command } from "./monitor-args.js";
import { withNumbers } from "./numbers.js";

interface MediaOptions {
  /** Opens the drive even where the guest has locked it. */
  readonly force: boolean;
  /** What the new medium is like beside its source: its format, its images below. */
  readonly chain: Disk;
}

/**
 * Puts another medium into a removable drive, or none. The new one is made ready before the old one is given back; where it
 * fails the drive has the old one, or is empty if that is out already.
 */
export async function changeMedia(
  env: Environment,
  old: Disk,
  source: StorageSource,
  options: MediaOptions,
): Promise<void> {
  const { guest } = env;
  const driver = { ...old.driver, type: options.chain.driver?.type ?? old.driver?.type };
  const { backingStore: _, ...bare } = old;
  const below = options.chain.backingStore;
  const wanted: Disk = { ...bare, driver, source, ...(below === undefined ? {} : { backingStore: below }) };
  const chained = isEmptySource(source) ? wanted : await env.withChain(wanted);
  const disk = withNumbers(env, chained, wanted);
  guest.plugging = disk;
  try {
    await env.save();
    await env.steps.give(disk);
    try {
      await swap(env, old, disk, options.force);
    } catch (error) {
      await env.steps.takeBack(disk);
      throw error;
    }
    const target =
      guest.config.devices.disks.find((each) => each.target.dev === disk.target.dev)?.target ?? disk.target;
    guest.config = mapDevices(guest.config, {
      disk: (each) => (each.target.dev === disk.target.dev ? { ...disk, target } : each),
    });
    await env.steps.takeBack(old);
  } finally {
    guest.plugging = undefined;
    await env.save().catch((error: unknown) => env.warn(error, "the status of a guest cannot be written"));
  }
}

async function swap(env: Environment, old: Disk, disk: Disk, force: boolean): Promise<void> {
  const { guest } = env;
  const id = deviceOf(disk);
  await openTray(env, old, force);
  await whileOpen(guest, id, () => guest.qmp("blockdev-remove-medium", { id }));
  await undoAll(guest, (await imagesOf(env, old)).toReversed());
  try {
    await insert(env, disk);
  } catch (error) {
    await insert(env, old).catch((again: unknown) => env.warn(again, "a drive does not get its old medium back"));
    throw error;
  }
}

async function insert(env: Environment, disk: Disk): Promise<void> {
  const { guest } = env;
  const id = deviceOf(disk);
  if (!isEmptySource(disk.source)) {
    const images = await imagesOf(env, disk);
    await executeAll(guest, images);
    try {
      await whileOpen(guest, id, () => guest.qmp("blockdev-insert-medium", { id, "node-name": nodeOf(disk) }));
    } catch (error) {
      await undoAll(guest, images.toReversed());
      throw error;
    }
    for (const limits of throttlesOf([disk])) await guest.qmp("block_set_io_throttle", limits);
  }
  await guest.qmp("blockdev-close-tray", { id });
}

/** The guest may close its tray at any moment: it is opened again then. */
async function whileOpen(guest: Guest, id: string, work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      const isClosed = error instanceof QmpError && error.description.includes("is not open");
      if (!isClosed || attempt === ATTEMPTS) throw error;
      await guest.qmp("blockdev-open-tray", { id, force: true });
    }
  }
}

const ATTEMPTS = 10;

/** The images of a disk without the disk. */
async function imagesOf(env: Environment, disk: Disk): Promise<readonly Command[]> {
  if (isEmptySource(disk.source)) return [];
  const commands = plugCommands(env.guest.config, disk, { caps: env.caps, runtime: await env.runtime() });
  return commands.filter(({ name }) => name !== "device_add");
}

function nodeOf({ driver, source, target }: Disk): string {
  return driver?.copyOnRead === "on" ? `libvirt-CoR-${target.dev}` : `libvirt-${source.index}-format`;
}

/** A guest that uses its drive may keep it shut; it is asked, and given a while. A floppy drive has no tray. */
async function openTray(env: Environment, disk: Disk, force: boolean): Promise<void> {
  const { guest } = env;
  if (disk.device !== "cdrom" || isOpen(env, disk)) return;
  await guest.qmp("blockdev-open-tray", { id: deviceOf(disk), force });
  if (force || (await opened(env, disk))) return;
  throw qemuError("OPERATION_FAILED", `timed out waiting to open tray of '${disk.target.dev}'`, {
    hint: "the guest uses the medium: eject it there, or use --force",
  });
}

function isOpen({ guest }: Environment, { target }: Disk): boolean {
  return guest.config.devices.disks.find((each) => each.target.dev === target.dev)?.target.tray === "open";
}

/** The event that tells of the tray comes before or after the answer. */
async function opened(env: Environment, disk: Disk): Promise<boolean> {
  const { guest } = env;
  if (isOpen(env, disk)) return true;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<boolean>((resolve, reject) => {
      guest.trays.set(disk.alias ?? "", () => resolve(true));
      timer = setTimeout(resolve, env.trayWait, false);
      void guest.process?.ended.then(() => reject(noLongerRunning()));
    });
  } finally {
    clearTimeout(timer);
    guest.trays.delete(disk.alias ?? "");
  }
}
