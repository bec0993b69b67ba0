import { setTimeout as delay } from "node:timers/promises";
import type { Disk } from "@polyvisor/sdk/conf/domain";
import type { PendingOverlay } from "../blockjobs/block-job.js";
import { alone, chainOf, type Layer, withChain } from "../blockjobs/chain.js";
import { closeImages } from "../blockjobs/images.js";
import type { JobPlace } from "../blockjobs/index.js";
import { type JsonObject, numberOf, objects, textOf } from "../capabilities/json.js";
import type { Guest } from "../guest.js";
import { unlessRefused } from "../monitor/index.js";
import { follow, type Overlay } from "./live.js";

/**
 * Finds out what has become of images that an earlier daemon was putting upon those of a guest's disks when it ended: where
 * the emulator writes them, everybody follows; where it does not, it lets go of them. Their files stay.
 */
export async function recoverOverlays(place: JobPlace): Promise<void> {
  const { guest, env } = place;
  const { overlays } = guest;
  if (overlays.length === 0) return;
  const nodes = objects(await guest.qmp("query-named-block-nodes"));
  const written: Overlay[] = [];
  for (const pending of overlays) {
    const disk = guest.config.devices.disks.find(({ target }) => target.dev === pending.disk);
    if (disk === undefined) continue;
    if (isThere(disk, pending)) {
      written.push(...upon(disk));
      continue;
    }
    const node = nodes.filter((each) => textOf(each, "file") === pending.path).sort(formatFirst)[0];
    const index = node && numberIn(node);
    if (node === undefined || index === undefined) {
      await env.steps.takeBack(alone(disk, layerOf(pending)));
      continue;
    }
    guest.images = Math.max(guest.images, index);
    const layer = layerOf(pending, index);
    if ((numberOf(node, "backing_file_depth") ?? 0) > 0) {
      written.push({ disk, layer });
      continue;
    }
    await endCreation(guest, `create-libvirt-${index}-format`);
    await closeImages(env, disk, [layer]);
  }
  if (written.length > 0) await follow(place, written);
  guest.overlays = [];
  await env.save();
}

/** It was put there, and only that was not yet written down. */
function isThere({ source }: Disk, { path }: PendingOverlay): boolean {
  return (source.type === "file" || source.type === "block") && source.path === path;
}

/** The disk as it was before, and the image that came upon it. */
function upon(disk: Disk): Overlay[] {
  const { layers, ends } = chainOf(disk);
  const [layer, ...below] = layers;
  return layer === undefined || below.length === 0 ? [] : [{ disk: withChain(disk, { layers: below, ends }), layer }];
}

function layerOf({ type, path, format }: PendingOverlay, index?: number): Layer {
  return { format, source: { type, path, ...(index === undefined ? {} : { index }) } };
}

function numberIn(node: JsonObject): number | undefined {
  const [, number] = NODE.exec(textOf(node, "node-name") ?? "") ?? [];
  return number === undefined ? undefined : Number(number);
}

const NODE = /^libvirt-(\d+)-(?:format|storage)$/;

/** Before it is formatted an image has a node of its storage alone. */
function formatFirst(one: JsonObject, other: JsonObject): number {
  const isFormat = (node: JsonObject) => textOf(node, "node-name")?.endsWith("-format") === true;
  return Number(isFormat(other)) - Number(isFormat(one));
}

/** How often, and after how many milliseconds, it is looked whether a job has ended. */
const ATTEMPTS = 100;
const BETWEEN = 50;

/** An image that is being formatted is not let go of before that has ended. */
async function endCreation(guest: Guest, name: string): Promise<void> {
  await unlessRefused(guest.qmp("job-cancel", { id: name }));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await unlessRefused(guest.qmp("job-dismiss", { id: name }));
    if (!objects(await guest.qmp("query-jobs")).some((each) => textOf(each, "id") === name)) return;
    await delay(BETWEEN);
  }
}
