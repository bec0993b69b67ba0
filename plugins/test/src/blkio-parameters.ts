import { AFFECT, type DomainTuningHandlers, type TypedParam, VirtError } from "@polyvisor/core";
import type { BlkioDevice, Blkiotune } from "@polyvisor/sdk/conf";
import { checkParams, numberParam, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { configFor, editOne } from "./edit.js";
import { checkFlags } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

type Figure = Exclude<keyof BlkioDevice, "path">;

/** What is said of single devices, and the largest value of each. */
const FIGURES: readonly (readonly [field: string, figure: Figure, most: bigint])[] = [
  ["device_weight", "weight", 2n ** 32n - 1n],
  ["device_read_iops_sec", "readIopsSec", 2n ** 32n - 1n],
  ["device_write_iops_sec", "writeIopsSec", 2n ** 32n - 1n],
  ["device_read_bytes_sec", "readBytesSec", 2n ** 64n - 1n],
  ["device_write_bytes_sec", "writeBytesSec", 2n ** 64n - 1n],
];
const KNOWN = { weight: "uint", ...Object.fromEntries(FIGURES.map(([field]) => [field, "string"] as const)) } as const;
const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** The share of the host's disks that a domain gets. */
export function blkioParameterHandlers(hypervisor: TestHypervisor): DomainTuningHandlers {
  return {
    domainGetBlkioParameters({ dom, flags }) {
      checkFlags(flags, AFFECTED | STRING_OKAY, "testDomainGetBlkioParameters");
      const blkiotune = configFor(hypervisor, dom, flags).blkiotune;
      return [
        { field: "weight", type: "uint", value: blkiotune?.weight ?? 0 },
        ...FIGURES.map(([field, figure]): TypedParam => ({ field, type: "string", value: listOf(blkiotune, figure) })),
      ];
    },

    domainSetBlkioParameters({ dom, params, flags }) {
      checkFlags(flags, AFFECTED, "testDomainSetBlkioParameters");
      checkParams(params, KNOWN);
      editOne(hypervisor, dom, flags, (config) => ({ ...config, blkiotune: changed(config.blkiotune, params) }));
    },
  };
}

/** Such as `/dev/sda,100,/dev/sdb,200`. */
function listOf(blkiotune: Blkiotune | undefined, figure: Figure): string {
  return (blkiotune?.devices ?? [])
    .filter((device) => device[figure])
    .map((device) => `${device.path},${device[figure]}`)
    .join(",");
}

function changed(before: Blkiotune | undefined, params: readonly TypedParam[]): Blkiotune {
  const weight = numberParam(params, "weight") ?? before?.weight;
  let devices = before?.devices ?? [];
  for (const [field, figure, most] of FIGURES) {
    const text = params.find((param) => param.field === field)?.value;
    if (text === undefined) continue;
    for (const [path, value] of pairsIn(String(text), field, most)) devices = withFigure(devices, path, figure, value);
  }
  return { weight: weight || undefined, devices };
}

function pairsIn(text: string, field: string, most: bigint): (readonly [path: string, value: number])[] {
  if (text === "") return [];
  const parts = text.split(",");
  if (parts.length % 2 === 1) {
    throw invalid(`unable to parse blkio device '${field}' '${text}'`, "write /dev/sda,100,/dev/sdb,200");
  }
  return Array.from({ length: parts.length / 2 }, (_, index) => {
    const [path = "", value = ""] = parts.slice(index * 2);
    if (/^\d+$/.test(value) && BigInt(value) <= most) return [path, Number(value)] as const;
    const rest = parts.slice(index * 2 + 1).join(",");
    throw invalid(`invalid value '${rest}' for parameter '${field}' of device '${path}'`, `a number up to ${most}`);
  });
}

function withFigure(
  devices: readonly BlkioDevice[],
  path: string,
  figure: Figure,
  value: number,
): readonly BlkioDevice[] {
  const figures = { [figure]: value || undefined };
  if (devices.some((device) => device.path === path)) {
    return devices.map((device) => (device.path === path ? { ...device, ...figures } : device));
  }
  return value === 0 ? devices : [...devices, { path, ...figures }];
}

function invalid(detail: string, hint: string): VirtError {
  return new VirtError("INVALID_ARG", detail, { domain: "DOMAIN", hint });
}
