import { AFFECT, type DomainTuningHandlers, type TypedParam } from "@polyvisor/core";
import type { Cgroup } from "../cgroup/index.js";
import type { BlkioDevice, Blkiotune } from "../conf/domain/index.js";
import { checkParams, numberParam, STRING_OKAY } from "../typed-params/index.js";
import { BLOCK_LIMITS, type BlockLimit, limitBlockDevice, readBlockWeight, setBlockWeight } from "./block-limits.js";
import { checkTuningFlags, type Tuned, tuningError } from "./tuned.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** The parameter of each limit: pairs of a device's path and a number. In libvirt's order. */
const FIELDS: Readonly<Record<BlockLimit, string>> = {
  weight: "device_weight",
  readIopsSec: "device_read_iops_sec",
  writeIopsSec: "device_write_iops_sec",
  readBytesSec: "device_read_bytes_sec",
  writeBytesSec: "device_write_bytes_sec",
};
const KNOWN = Object.fromEntries([
  ["weight", "uint"],
  ...Object.values(FIELDS).map((field) => [field, "string"]),
]) as Readonly<Record<string, "uint" | "string">>;

/** How a guest shares the host's disks with others. */
export function blockParameterHandlers(tuned: Tuned): DomainTuningHandlers {
  return {
    async domainGetBlkioParameters({ dom, flags }) {
      checkTuningFlags(tuned, "DomainGetBlkioParameters", flags, AFFECTED | STRING_OKAY);
      checkSystem(tuned);
      const { config, live } = await tuned.chosen(dom, flags & ~STRING_OKAY);
      const group = live && blockGroup(tuned, live.group);
      const weight = group === undefined ? (config.blkiotune?.weight ?? 0) : await readBlockWeight(group);
      const devices = config.blkiotune?.devices ?? [];
      return [
        { field: "weight", type: "uint", value: weight },
        ...BLOCK_LIMITS.map((limit): TypedParam => {
          const pairs = devices.flatMap((device) => (device[limit] ? [`${device.path},${device[limit]}`] : []));
          return { field: FIELDS[limit], type: "string", value: pairs.join(",") };
        }),
      ];
    },

    domainSetBlkioParameters({ dom, params, flags }) {
      checkTuningFlags(tuned, "DomainSetBlkioParameters", flags, AFFECTED);
      checkParams(params, KNOWN);
      checkSystem(tuned);
      const weight = numberParam(params, "weight");
      const devices = devicesIn(tuned, params);
      return tuned.tune(
        { dom, flags, api: "domainSetBlkioParameters" },
        {
          edit: (config) => ({ ...config, blkiotune: withLimits(config.blkiotune, weight, devices) }),
          async apply({ group }) {
            const blocks = blockGroup(tuned, group);
            if (weight !== undefined) await setBlockWeight(blocks, weight);
            for (const device of devices) await limitBlockDevice(blocks, device);
            return [];
          },
        },
      );
    },
  };
}

function checkSystem(tuned: Tuned): void {
  if (tuned.mode === "system") return;
  throw tuningError(tuned, "CONFIG_UNSUPPORTED", "Block I/O tuning is not available in session mode");
}

function blockGroup(tuned: Tuned, group: Cgroup | undefined): Cgroup {
  if (group?.has("blkio")) return group;
  throw tuningError(tuned, "OPERATION_INVALID", "blkio cgroup isn't mounted");
}

/** What is given for each device. */
function devicesIn(tuned: Tuned, params: readonly TypedParam[]): BlkioDevice[] {
  const devices = new Map<string, BlkioDevice>();
  for (const limit of BLOCK_LIMITS) {
    const text = params.find(({ field }) => field === FIELDS[limit])?.value;
    for (const [path, value] of pairsIn(tuned, FIELDS[limit], text === undefined ? "" : String(text))) {
      devices.set(path, { ...devices.get(path), path, [limit]: value });
    }
  }
  return [...devices.values()];
}

function pairsIn(tuned: Tuned, field: string, text: string): [path: string, value: number][] {
  if (text === "") return [];
  const words = text.split(",");
  if (words.length % 2 !== 0)
    throw tuningError(tuned, "INVALID_ARG", `unable to parse blkio device '${field}' '${text}'`);
  return Array.from({ length: words.length / 2 }, (_, at) => {
    const [path = "", value = ""] = words.slice(at * 2, at * 2 + 2);
    if (/^\d+$/.test(value)) return [path, Number(value)];
    const rest = words.slice(at * 2 + 1).join(",");
    throw tuningError(tuned, "INVALID_ARG", `invalid value '${rest}' for parameter '${field}' of device '${path}'`);
  });
}

/** A limit of 0 is none. */
function withLimits(
  { weight: before, devices = [] }: Partial<Blkiotune> = {},
  weight: number | undefined,
  changes: readonly BlkioDevice[],
): Blkiotune {
  const merged = new Map(devices.map((device) => [device.path, device]));
  for (const change of changes) merged.set(change.path, { ...merged.get(change.path), ...change });
  const kept = [...merged.values()].map((device): BlkioDevice => {
    const limits = BLOCK_LIMITS.flatMap((limit) => (device[limit] ? [[limit, device[limit]] as const] : []));
    return { path: device.path, ...Object.fromEntries(limits) };
  });
  return { weight: weight ?? before, devices: kept.filter((device) => BLOCK_LIMITS.some((limit) => device[limit])) };
}
