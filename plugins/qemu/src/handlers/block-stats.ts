import type { TypedParam } from "@polyvisor/core";
import type { StorageSource } from "@polyvisor/sdk/conf";
import { type JsonObject, numberOf, objectOf, objects, textOf } from "../capabilities/json.js";
import type { Guest } from "../guest.js";
import { sourcesBelow } from "../image-chain.js";
import { unlessRefused } from "../monitor/index.js";
import type { MeasuredDisk } from "../state/measured.js";
import type { StatsSource } from "./stats.js";

/** What QEMU counts of a guest's disks, and knows of their images. */
interface BlockFigures {
  readonly devices: readonly JsonObject[];
  /** By the name of the node. */
  readonly nodes: ReadonlyMap<string, JsonObject>;
  readonly images: ReadonlyMap<string, JsonObject>;
}

/** Our name of each counter of a disk, and QEMU's. */
const COUNTERS: readonly (readonly [name: string, qemu: string])[] = [
  ["rd.reqs", "rd_operations"],
  ["rd.bytes", "rd_bytes"],
  ["rd.times", "rd_total_time_ns"],
  ["wr.reqs", "wr_operations"],
  ["wr.bytes", "wr_bytes"],
  ["wr.times", "wr_total_time_ns"],
  ["fl.reqs", "flush_operations"],
  ["fl.times", "flush_total_time_ns"],
];

/** Each disk, or with `backing` each image of each disk's chain. */
export async function blockStats({ config, guest, monitor, backing }: StatsSource): Promise<TypedParam[]> {
  const figures = guest !== undefined && monitor ? await figuresOf(guest) : undefined;
  const records: TypedParam[][] = [];
  for (const disk of config.devices.disks) {
    const images = [disk.source, ...(backing ? sourcesBelow(disk.backingStore) : [])];
    for (const [depth, source] of images.entries()) {
      records.push(recordOf(`block.${records.length}`, disk, source, depth === 0, figures));
    }
  }
  return [{ field: "block.count", type: "uint", value: records.length }, ...records.flat()];
}

function recordOf(
  prefix: string,
  disk: MeasuredDisk,
  source: StorageSource,
  isTop: boolean,
  figures: BlockFigures | undefined,
): TypedParam[] {
  const params: TypedParam[] = [{ field: `${prefix}.name`, type: "string", value: disk.target.dev }];
  if ("path" in source && source.path !== undefined) {
    params.push({ field: `${prefix}.path`, type: "string", value: source.path });
  }
  const { index } = source;
  if (figures === undefined) return params;
  if (index !== undefined) params.push({ field: `${prefix}.backingIndex`, type: "uint", value: index });
  const add = (name: string, value: number | undefined) => {
    if (value !== undefined) params.push({ field: `${prefix}.${name}`, type: "ullong", value });
  };
  const counters = isTop ? countersOf(disk, figures) : undefined;
  if (counters !== undefined) for (const [name, qemu] of COUNTERS) add(name, numberOf(counters, qemu) ?? 0);
  const node = `libvirt-${index}-format`;
  const image = objectOf(figures.images.get(node) ?? {}, "image");
  if (image === undefined) return params;
  add("allocation", numberOf(objectOf(figures.nodes.get(node) ?? {}, "stats") ?? {}, "wr_highest_offset") ?? 0);
  add("capacity", numberOf(image, "virtual-size"));
  add("physical", numberOf(image, "actual-size"));
  return params;
}

/** A device's path in QEMU's tree has its alias as a part. */
function countersOf({ alias }: MeasuredDisk, figures: BlockFigures): JsonObject | undefined {
  const device = figures.devices.find(
    (each) => alias !== undefined && textOf(each, "qdev")?.split("/").includes(alias),
  );
  return device === undefined ? undefined : objectOf(device, "stats");
}

async function figuresOf(guest: Guest): Promise<BlockFigures | undefined> {
  const answers = await unlessRefused(
    Promise.all([
      guest.qmp("query-blockstats"),
      guest.qmp("query-blockstats", { "query-nodes": true }),
      guest.qmp("query-named-block-nodes", { flat: true }),
    ]),
  );
  if (answers === undefined) return undefined;
  const [devices, nodes, images] = answers;
  return { devices: objects(devices), nodes: byNode(objects(nodes)), images: byNode(objects(images)) };
}

function byNode(entries: readonly JsonObject[]): ReadonlyMap<string, JsonObject> {
  return new Map(
    entries.flatMap((entry) => {
      const name = textOf(entry, "node-name");
      return name === undefined ? [] : [[name, entry] as const];
    }),
  );
}
