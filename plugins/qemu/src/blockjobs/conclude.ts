import { type Disk, mapDevices } from "@polyvisor/sdk/conf/domain";
import { sourcePath } from "@polyvisor/sdk/conf/moment";
import type { Environment } from "../hotplug/environment.js";
import type { DevicePlace } from "../hotplug/steps.js";
import { unlessRefused } from "../monitor/index.js";
import { labelDevice } from "../services/index.js";
import { BLOCK_JOB_STATUS, BLOCK_JOB_TYPE, type BlockJob, type Outcome } from "./block-job.js";
import { alone, type Chain, chainOf, type Layer, nameOf, withChain } from "./chain.js";
import { definitionAfter } from "./definition.js";
import { removeFiles } from "./files.js";
import { closeImages } from "./images.js";
import { complaintOf } from "./job-watch.js";

/** Where a job is ended: the guest, and what is done around it. */
export interface JobPlace extends DevicePlace {
  readonly env: Environment;
}

/**
 * Ends a job of which the emulator has done its part. Called while a job of the domain is held. What is to be done is in
 * the status file before the emulator forgets the job: the next daemon does it where this one is killed.
 */
export async function concludeJob(place: JobPlace, job: BlockJob): Promise<void> {
  const { guest, env } = place;
  const { name, disk: dev } = job.record;
  if (guest.blockJobs.get(dev) !== job) return;
  const outcome = await outcomeOf(place, job);
  job.state = outcome;
  await env.save();
  await unlessRefused(guest.qmp("job-dismiss", { id: name }));
  const disk = guest.config.devices.disks.find(({ target }) => target.dev === dev);
  if (disk !== undefined) await finish(place, job, disk, outcome);
  guest.blockJobs.delete(dev);
  await env.save().catch((error: unknown) => env.warn(error, "the status of a guest cannot be written"));
  tellOfJob(place, job, outcome);
}

async function outcomeOf({ guest }: JobPlace, job: BlockJob): Promise<Outcome> {
  const { name, state } = job.record;
  if (state === "completed" || state === "failed" || state === "canceled") return state;
  job.complaint = await complaintOf(guest, name);
  if (state === "aborting") return "canceled";
  return job.complaint === undefined ? "completed" : "failed";
}

/** Clients hear of the disk as it is by then. */
export function tellOfJob({ hypervisor, domain, guest }: JobPlace, job: BlockJob, status: Outcome | "ready"): void {
  const { disk: dst, kind } = job.record;
  const disk = guest.config.devices.disks.find(({ target }) => target.dev === dst);
  const path = disk && (disk.source.type === "file" || disk.source.type === "block") && sourcePath(disk.source);
  const what = { type: BLOCK_JOB_TYPE[kind], status: BLOCK_JOB_STATUS[status] };
  if (path) hypervisor.emit({ kind: "blockJob", dom: domain.ref, path, ...what });
  hypervisor.emit({ kind: "blockJob2", dom: domain.ref, dst, ...what });
}

/** What becomes of a disk's images. */
interface Ending {
  readonly chain: Chain;
  /** Images that leave the chain, from the top. */
  readonly gone: readonly Layer[];
  /** Images that were written meanwhile, and are only read from now on. */
  readonly written: readonly Layer[];
  /** The lowest image that the definition must have, too, to change in the same way. */
  readonly bottom?: number | undefined;
}

async function finish(place: JobPlace, job: BlockJob, disk: Disk, outcome: Outcome): Promise<void> {
  const { guest, env } = place;
  const ending = endingOf(job, disk, outcome === "completed");
  const { mirror, ...rest } = disk;
  const after = withChain(rest, ending.chain);
  guest.config = mapDevices(guest.config, {
    disk: (each) => (each.target.dev === disk.target.dev ? after : each),
  });
  if (outcome === "completed") await changeDefinition(place, disk, after, ending.bottom);
  await closeImages(env, after, ending.gone);
  for (const layer of ending.written) await makeReadOnly(place, after, layer);
  if (outcome === "completed" && job.record.removeImages === true) {
    const paths = ending.gone.flatMap((layer) => (layer.source.type === "file" ? nameOf(layer) : []));
    await removeFiles(paths).catch((error: unknown) => env.warn(error, "merged images cannot be removed"));
  }
}

function endingOf({ record }: BlockJob, disk: Disk, isDone: boolean): Ending {
  const chain = chainOf(disk);
  const { layers } = chain;
  const numbered = (index: number | undefined) => layers.findIndex(({ source }) => source.index === index);
  const base = record.base === undefined ? layers.length : numbered(record.base);
  const nothing: Ending = { chain, gone: [], written: [] };
  switch (record.kind) {
    case "pull": {
      if (!isDone || base === -1) return nothing;
      const kept = [...layers.slice(0, 1), ...layers.slice(base)];
      const ends = base >= layers.length ? true : chain.ends;
      const bottom = record.base === undefined ? undefined : base;
      return { chain: { layers: kept, ends }, gone: layers.slice(1, base), written: [], bottom };
    }
    case "commit":
    case "active-commit": {
      const top = numbered(record.top);
      const [bottom] = layers.slice(base);
      if (base === -1 || top === -1 || bottom === undefined) return nothing;
      const isActive = record.kind === "active-commit";
      if (!isDone) return { ...nothing, written: [bottom] };
      const kept = { layers: [...layers.slice(0, top), ...layers.slice(base)], ends: chain.ends };
      return { chain: kept, gone: layers.slice(top, base), written: isActive ? [] : [bottom], bottom: base };
    }
    case "copy":
      return copyEnding(record.shallow === true, disk, isDone && record.state === "completed");
  }
}

function copyEnding(isShallow: boolean, { mirror, ...disk }: Disk, isDone: boolean): Ending {
  const chain = chainOf(disk);
  if (mirror === undefined) return { chain, gone: [], written: [] };
  const copy = chainOf({ source: mirror.source, driver: { type: mirror.format }, ...backingOf(mirror) });
  if (!isDone) return { chain, gone: copy.layers, written: [] };
  const [top, ...below] = chain.layers;
  if (!isShallow || top === undefined) return { chain: copy, gone: chain.layers, written: [] };
  return { chain: { layers: [...copy.layers, ...below], ends: chain.ends }, gone: [top], written: [] };
}

function backingOf({ backingStore }: NonNullable<Disk["mirror"]>): Pick<Disk, "backingStore"> {
  return backingStore === undefined ? {} : { backingStore };
}

async function changeDefinition(place: JobPlace, before: Disk, after: Disk, bottom?: number): Promise<void> {
  const { hypervisor, domain, env } = place;
  if (!domain.persistent) return;
  try {
    const definition = await hypervisor.definitions.load(domain.name);
    const changed = definitionAfter(definition, { before, after, bottom });
    if (changed !== definition) await hypervisor.definitions.save(changed);
  } catch (error) {
    env.warn(error, "the definition does not follow a block job");
  }
}

/**
 * An image that the guest has written and that lies below others now: what it was given for writing is taken back, but not
 * what it needs for reading, and it is labelled as one that others may read, too.
 */
export async function makeReadOnly(place: JobPlace, disk: Disk, layer: Layer): Promise<void> {
  const { hypervisor, domain, guest, env } = place;
  await env.steps.takeBack(alone(disk, layer));
  const { source, format } = layer;
  const backing: Disk = {
    ...alone(disk, layer),
    source: { type: "file" },
    backingStore: { kind: "image", source, format, backingStore: { kind: "end" } },
  };
  await labelDevice(hypervisor, domain, guest, backing).catch((error: unknown) =>
    env.warn(error, `image '${nameOf(layer)}' keeps the label of one that is written`),
  );
}
