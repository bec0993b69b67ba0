import type { Domain, NumaCell, Timer } from "../model/index.js";
import { type AbiRule, checkLists, checkRules, refuse, rule } from "./rule.js";

export interface AbiOptions {
  /** Without what a guest changes by itself, such as the size of its balloon. */
  readonly skipVolatile?: boolean;
}

export const IDENTITY: readonly AbiRule<Domain>[] = [
  rule("Target domain virt type %s does not match source %s", ({ type }) => type),
  rule("Target domain uuid %s does not match source %s", ({ uuid }) => uuid),
  rule("Target domain requested genid does not match source", ({ genid }) => genid !== undefined),
  rule("Target domain genid %s does not match source %s", ({ genid }) => genid?.uuid),
  // no part of the ABI, but nobody shall be renamed through the back door
  rule("Target domain name '%s' does not match source '%s'", ({ name }) => name),
];

/** Memory at boot, in KiB. */
function initialMemory({ memory, devices }: Domain): number {
  return devices.memories.reduce((rest, device) => rest - device.target.size, memory);
}

const CURRENT = rule<Domain>(
  "Target domain current memory %s does not match source %s",
  ({ currentMemory }) => currentMemory,
);

export function checkMemoryAbi(source: Domain, target: Domain, options: AbiOptions): void {
  checkRules([rule("Target domain max memory %s does not match source %s", initialMemory)], source, target);
  if (options.skipVolatile !== true) checkRules([CURRENT], source, target);
  checkRules(
    [
      rule(
        "Target maximum memory size '%s' doesn't match source '%s'",
        ({ maxMemory }: Domain) => maxMemory?.size ?? 0,
      ),
      rule(
        "Target domain memory slots count '%s' doesn't match source '%s'",
        ({ maxMemory }: Domain) => maxMemory?.slots ?? 0,
      ),
    ],
    source,
    target,
  );
}

const LOCAL_DISTANCE = 10;
const REMOTE_DISTANCE = 20;

function distance(from: NumaCell, to: number): number {
  const written = from.distances?.find(({ id }) => id === to)?.value;
  return written || (from.id === to ? LOCAL_DISTANCE : REMOTE_DISTANCE);
}

export function checkNumaAbi(source: Domain, target: Domain): void {
  const cells = source.cpu?.numa?.cells ?? [];
  const words = "Target NUMA node count '%s' doesn't match source '%s'";
  checkLists(words, cells, target.cpu?.numa?.cells ?? [], (was, becomes) => {
    if (was.memory !== becomes.memory) {
      refuse(`Size of target NUMA node ${was.id} (${becomes.memory}) doesn't match source (${was.memory})`);
    }
    const mask = rule<NumaCell>(`Processor mask of target NUMA node ${was.id} doesn't match source`, ({ cpus = [] }) =>
      cpus.join(),
    );
    const distances = cells.map(({ id }) =>
      rule<NumaCell>(`Target NUMA distance from ${was.id} to ${id} doesn't match source`, (cell) => distance(cell, id)),
    );
    checkRules([mask, ...distances], was, becomes);
  });
}

export function checkVcpusAbi(source: Domain, target: Domain): void {
  const max = rule<Domain>("Target domain vCPU max %s does not match source %s", ({ vcpu }) => vcpu.max);
  checkRules([max], source, target);
  for (let id = 0; id < source.vcpu.max; id++) {
    checkRules(
      [
        rule(`State of vCPU '${id}' differs between source and destination definitions`, ({ vcpu }: Domain) =>
          vcpu.individual === undefined ? id < vcpu.current : vcpu.individual[id]?.enabled === "yes",
        ),
        rule(
          `vcpu enable order of vCPU '${id}' differs between source and destination definitions`,
          ({ vcpu }: Domain) => vcpu.individual?.[id]?.order ?? 0,
        ),
      ],
      source,
      target,
    );
  }
}

export const OS: readonly AbiRule<Domain>[] = [
  rule("Target domain OS type %s does not match source %s", ({ os }) => os.type),
  rule("Target domain architecture %s does not match source %s", ({ os }) => os.arch),
  rule("Target domain machine type %s does not match source %s", ({ os }) => os.machine, "(null)"),
  rule("Target domain SMBIOS mode %s does not match source %s", ({ os }) => os.smbios ?? "none"),
];

const tsc = ({ name }: Timer): boolean => name === "tsc";

export const TIMER: readonly AbiRule<Timer>[] = [
  rule("Target timer %s does not match source %s", ({ name }) => name),
  rule("Target timer presence '%s' does not match source '%s'", ({ present }) => present),
  rule("Target TSC frequency %s does not match source %s", (timer) => (tsc(timer) ? (timer.frequency ?? 0) : 0)),
  rule("Target TSC mode %s does not match source %s", (timer) => (tsc(timer) ? timer.mode : undefined), "none"),
];
