import { type Disk, mapDevices } from "@polyvisor/sdk/conf/domain";
import type { JsonObject } from "../capabilities/json.js";
import { isEmptySource } from "../command-line/disks.js";
import { qemuError } from "../errors.js";
import { BlockJob, type BlockJobRecord } from "./block-job.js";
import { alone, chainOf, findLayer, type Layer, nameOf, nodeOf, topNodeOf } from "./chain.js";
import { type JobPlace, makeReadOnly } from "./conclude.js";
import { checkIdle, checkSupported } from "./idle.js";
import { type OpenImage, openImage } from "./images.js";

export interface PullWish {
  readonly base: string | null;
  /** Bytes a second; 0 for as fast as it goes. */
  readonly speed: number;
}

/** Copies what lies below a disk's image into it, down to `base`, or all of it. */
export async function startPull(place: JobPlace, disk: Disk, { base, speed }: PullWish): Promise<void> {
  checkIdle(place, disk);
  checkSupported(disk);
  const { layers } = chainOf(disk);
  const bottom = base === null ? undefined : layers[findLayer(disk, base, 0)];
  const top = topOf(disk);
  const record: BlockJobRecord = {
    name: `pull-${disk.target.dev}-${nodeOf(top)}`,
    kind: "pull",
    disk: disk.target.dev,
    state: "running",
    base: bottom?.source.index,
  };
  await begin(place, record, "block-stream", {
    device: nodeOf(top),
    ...(bottom === undefined ? {} : { "base-node": nodeOf(bottom), "backing-file": nameOf(bottom) }),
    ...speedOf(speed),
  });
}

export interface CommitWish {
  readonly base: string | null;
  readonly top: string | null;
  readonly speed: number;
  readonly shallow: boolean;
  readonly active: boolean;
  readonly removeImages: boolean;
}

/** Merges images of a disk's chain into one below them. */
export async function startCommit(place: JobPlace, disk: Disk, wish: CommitWish): Promise<void> {
  const { dev } = disk.target;
  const { layers } = chainOf(disk);
  const topAt = wish.top === null || wish.top === dev ? 0 : findLayer(disk, wish.top);
  const baseAt = wish.base === null && wish.shallow ? topAt + 1 : findLayer(disk, wish.base, topAt);
  checkSupported(disk);
  if (isEmptySource(disk.source)) {
    throw qemuError("CONFIG_UNSUPPORTED", `disk ${dev} has no source file to be committed`);
  }
  checkIdle(place, disk);
  const top = layers[topAt];
  const base = layers[baseAt];
  checkCommit(disk, wish, { topAt, baseAt });
  if (top === undefined || base === undefined) return;
  const isActive = topAt === 0;
  const above = layers[topAt - 1];
  const record: BlockJobRecord = {
    name: `commit-${dev}-${nodeOf(top)}`,
    kind: isActive ? "active-commit" : "commit",
    disk: dev,
    state: "running",
    base: base.source.index,
    top: top.source.index,
    removeImages: wish.removeImages || undefined,
  };
  const { env, guest } = place;
  const give = async () => {
    await env.steps.give(alone(disk, base));
    if (isActive) setMirror(place, disk, { job: "active-commit", format: base.format, source: base.source });
    return undefined;
  };
  const takeBack = async () => {
    dropMirror(place, disk);
    const now = guest.config.devices.disks.find(({ target }) => target.dev === dev) ?? disk;
    await makeReadOnly(place, now, base);
  };
  const args = {
    device: topNodeOf(disk),
    "top-node": nodeOf(top),
    "base-node": nodeOf(base),
    ...(above === undefined ? {} : { "backing-file": nameOf(base) }),
    ...speedOf(wish.speed),
  };
  await begin(place, record, "block-commit", args, { give, takeBack });
}

function checkCommit(disk: Disk, wish: CommitWish, { topAt, baseAt }: Record<"topAt" | "baseAt", number>): void {
  const { layers } = chainOf(disk);
  const [nameOfTop, name] = [nameAt(layers, topAt), nameAt(layers, 0)];
  if (topAt === 0 && !wish.active) {
    const detail = `commit of '${disk.target.dev}' active layer requires active flag`;
    throw qemuError("INVALID_ARG", detail, { hint: "add --active, or --pivot" });
  }
  if (topAt !== 0 && wish.active) {
    throw qemuError("INVALID_ARG", `active commit requested but '${nameOfTop}' is not active`);
  }
  if (topAt === layers.length - 1) {
    throw qemuError("INVALID_ARG", `top '${nameOfTop}' in chain for '${name}' has no backing file`);
  }
  if (wish.shallow && baseAt !== topAt + 1) {
    const detail = `base '${nameAt(layers, baseAt)}' is not immediately below '${nameOfTop}' in chain for '${name}'`;
    throw qemuError("INVALID_ARG", detail);
  }
}

function nameAt(layers: readonly Layer[], at: number): string {
  const layer = layers[at];
  return layer === undefined ? "" : nameOf(layer);
}

export interface CopyWish {
  readonly layer: Layer;
  readonly isThere: boolean;
  readonly shallow: boolean;
  readonly speed: number;
  readonly granularity: number;
  readonly bufSize: number;
  readonly writesBoth: boolean;
}

/** Copies a disk into another image, which then follows what the guest writes. */
export async function startCopy(place: JobPlace, disk: Disk, wish: CopyWish): Promise<void> {
  const { env } = place;
  const { layers } = chainOf(disk);
  const shallow = wish.shallow && layers.length > 1;
  const record: BlockJobRecord = {
    name: `copy-${disk.target.dev}-${nodeOf(topOf(disk))}`,
    kind: "copy",
    disk: disk.target.dev,
    state: "running",
    shallow: (shallow && !wish.isThere) || undefined,
  };
  const below = shallow ? layers[1] : undefined;
  const show = ({ source, format }: Layer) => {
    const end = shallow ? {} : { backingStore: { kind: "end" as const } };
    setMirror(place, disk, { job: "copy", format, source, ...end });
    return env.save();
  };
  let image: OpenImage | undefined;
  const give = async () => {
    await show(wish.layer);
    image = await openImage(env, { disk, layer: wish.layer, isThere: wish.isThere, below, onNumber: show });
    return { target: nodeOf(image.layer) };
  };
  const takeBack = async () => {
    dropMirror(place, disk);
    await image?.undo();
  };
  const args = {
    device: topNodeOf(disk),
    sync: shallow ? "top" : "full",
    ...speedOf(wish.speed),
    ...(wish.granularity === 0 ? {} : { granularity: wish.granularity }),
    ...(wish.bufSize === 0 ? {} : { "buf-size": wish.bufSize }),
    ...(wish.writesBoth ? { "copy-mode": "write-blocking" } : {}),
  };
  await begin(place, record, "blockdev-mirror", args, { give, takeBack });
}

/** What a job needs before the emulator begins it: `give` answers what is known only then. */
interface Access {
  give(): Promise<JsonObject | undefined>;
  takeBack(): Promise<void>;
}

const NO_ACCESS: Access = { give: async () => undefined, takeBack: async () => {} };

/**
 * The status file tells of the job before anything is given for it, and of what it is given before the emulator begins it.
 * Where it does not begin, all is as it was.
 */
async function begin(
  place: JobPlace,
  record: BlockJobRecord,
  command: string,
  args: JsonObject,
  access: Access = NO_ACCESS,
): Promise<void> {
  const { guest, env } = place;
  const job = new BlockJob(record);
  guest.blockJobs.set(record.disk, job);
  try {
    await env.save();
    const more = await access.give();
    await env.save();
    const how = { "job-id": record.name, "auto-finalize": true, "auto-dismiss": false };
    await guest.qmp(command, { ...how, ...args, ...more });
  } catch (error) {
    guest.blockJobs.delete(record.disk);
    await access.takeBack();
    await env.save().catch((again: unknown) => env.warn(again, "the status of a guest cannot be written"));
    throw error;
  }
}

function topOf({ source, driver }: Disk): Layer {
  return { source, format: driver?.type ?? "raw" };
}

function speedOf(speed: number): { readonly speed?: number } {
  return speed === 0 ? {} : { speed };
}

function setMirror({ guest }: JobPlace, { target }: Disk, mirror: NonNullable<Disk["mirror"]>): void {
  guest.config = mapDevices(guest.config, {
    disk: (disk) => (disk.target.dev === target.dev ? { ...disk, mirror } : disk),
  });
}

function dropMirror({ guest }: JobPlace, { target }: Disk): void {
  guest.config = mapDevices(guest.config, {
    disk: ({ mirror, ...disk }) =>
      disk.target.dev === target.dev || mirror === undefined ? disk : { ...disk, mirror },
  });
}
