import type { Disk } from "@polyvisor/sdk/conf/domain";
import { isObject, numberOf, objectOf, objects, textOf } from "../capabilities/json.js";
import { qemuError } from "../errors.js";
import { plugCommands } from "../hotplug/commands.js";
import type { Environment } from "../hotplug/environment.js";
import { executeAll, undoAll } from "../hotplug/execute.js";
import type { Command } from "../hotplug/monitor-args.js";
import { alone, type Layer, nameOf, nodeOf } from "./chain.js";
import { createEmpty, removeFiles } from "./files.js";
import { runJob } from "./job-watch.js";

/** A new image of a run gets a number that none has had. */
function numbered({ guest }: Environment, { source, format }: Layer): Layer {
  guest.images++;
  return { format, source: { ...source, index: guest.images } };
}

/** What makes one image known to the emulator, without the images below it. */
async function commandsOf(env: Environment, disk: Disk, layer: Layer): Promise<readonly Command[]> {
  const commands = plugCommands(env.guest.config, alone(disk, layer), {
    caps: env.caps,
    runtime: await env.runtime(),
  });
  return commands.filter(({ name }) => name !== "device_add");
}

/** An image that the guest's emulator has open, and that is no part of a chain yet. */
export interface OpenImage {
  readonly layer: Layer;
  /** Nothing is left of it then: the emulator lets go of it, what it was given is taken back, and a new file goes. */
  undo(): Promise<void>;
}

export interface NewImage {
  readonly disk: Disk;
  /** It has no number yet. */
  readonly layer: Layer;
  /** The file is there, or is to be made. */
  readonly isThere: boolean;
  /** What is written into it as what lies below, where it is made. */
  readonly below: Layer | undefined;
  /** Called when it has its number, before the emulator opens it. */
  readonly onNumber?: (layer: Layer) => Promise<void>;
}

/**
 * Gives a guest an image: its file, its lease, label and cgroup, and then the emulator opens it. Where anything fails,
 * nothing is left of it.
 */
export async function openImage(
  env: Environment,
  { disk, layer: wanted, isThere, below, onNumber }: NewImage,
): Promise<OpenImage> {
  const undone: (() => Promise<unknown>)[] = [];
  const undo = async () => {
    for (const each of undone.splice(0).reverse()) {
      await each().catch((error: unknown) => env.warn(error, `image '${nameOf(wanted)}' cannot be taken back whole`));
    }
  };
  try {
    const path = nameOf(wanted);
    if (!isThere && wanted.source.type === "file") {
      await createEmpty(path);
      undone.push(() => removeFiles([path]));
    }
    const device = alone(disk, wanted);
    await env.steps.give(device);
    undone.push(() => env.steps.takeBack(device));
    const layer = numbered(env, wanted);
    await onNumber?.(layer);
    const commands = await commandsOf(env, disk, layer);
    const isFormat = ({ args }: Command) => args["node-name"] === nodeOf(layer);
    const storage = commands.filter((each) => !isFormat(each));
    const format = commands.filter(isFormat);
    if (!isThere && layer.format === "raw") await sizeImage(env, disk, layer);
    await executeAll(env.guest, storage);
    undone.push(() => undoAll(env.guest, storage.toReversed()));
    if (!isThere && layer.format !== "raw") await formatImage(env, disk, layer, below);
    await executeAll(env.guest, format);
    undone.push(() => undoAll(env.guest, format.toReversed()));
    return { layer, undo };
  } catch (error) {
    await undo();
    throw error;
  }
}

/** An image without a format is as large as the disk before it is opened. */
async function sizeImage(env: Environment, disk: Disk, layer: Layer): Promise<void> {
  if (layer.source.type !== "file") return;
  const { capacity } = await sizeOf(env, disk);
  const options = { driver: "file", filename: nameOf(layer), size: capacity };
  await runJob(env.guest, `create-libvirt-${layer.source.index}-storage`, "blockdev-create", { options });
}

/** The image gets the size of the disk, and the clusters of its present image. */
async function formatImage(env: Environment, disk: Disk, layer: Layer, below: Layer | undefined): Promise<void> {
  const size = await sizeOf(env, disk);
  const node = `libvirt-${layer.source.index}`;
  const hasClusters = layer.format === "qcow2" && disk.driver?.type === "qcow2" && size.cluster !== undefined;
  const options = {
    driver: layer.format,
    file: `${node}-storage`,
    size: size.capacity,
    ...(hasClusters ? { "cluster-size": size.cluster } : {}),
    ...(below === undefined ? {} : { "backing-file": nameOf(below), "backing-fmt": below.format }),
  };
  await runJob(env.guest, `create-${node}-format`, "blockdev-create", { options });
}

async function sizeOf({ guest }: Environment, { source }: Disk): Promise<{ capacity: number; cluster?: number }> {
  const wanted = `libvirt-${source.index}-format`;
  const nodes = objects(await guest.qmp("query-named-block-nodes", { flat: true }));
  const node = nodes.find((each) => textOf(each, "node-name") === wanted);
  const image = node && objectOf(node, "image");
  const capacity = image && numberOf(image, "virtual-size");
  if (!isObject(image) || capacity === undefined) {
    throw qemuError("INTERNAL_ERROR", `failed to update capacity data for block node '${wanted}'`);
  }
  const cluster = numberOf(image, "cluster-size");
  return cluster === undefined ? { capacity } : { capacity, cluster };
}

/**
 * Images that no longer belong to a guest's chain: `guest.config` is without them. The emulator lets go of each, and
 * what it was given is taken back. Doing it twice does no harm.
 */
export async function closeImages(env: Environment, disk: Disk, layers: readonly Layer[]): Promise<void> {
  for (const layer of layers) await undoAll(env.guest, (await commandsOf(env, disk, layer)).toReversed());
  for (const layer of layers) await env.steps.takeBack(alone(disk, layer));
}
