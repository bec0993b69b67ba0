import { VirtError } from "@polyvisor/core";
import type { SmbiosInfo, SysinfoEntries } from "./model.js";

interface Line {
  readonly key: string;
  readonly value: string;
}

/** `key : value` lines; others are left out. */
function keyLines(text: string): Line[] {
  return text.split("\n").flatMap((line) => {
    const match = /^([^:]*?)\s*:\s*(.*?)\s*$/.exec(line);
    return match === null ? [] : [{ key: match[1] ?? "", value: match[2] ?? "" }];
  });
}

function firstValue(lines: readonly Line[], key: string): string | undefined {
  return lines.find((line) => line.key === key)?.value;
}

function entries(...pairs: readonly (readonly [name: string, value: string | undefined])[]): SysinfoEntries {
  return pairs.flatMap(([name, value]) => (value === undefined || value === "" ? [] : [{ name, value }]));
}

function smbios(system: SysinfoEntries | undefined, processors: readonly SysinfoEntries[]): SmbiosInfo {
  return {
    type: "smbios",
    system: system?.length === 0 ? undefined : system,
    baseBoards: [],
    processors: processors.filter((processor) => processor.length > 0),
  };
}

/** The lines of each processor: from its `processor` line to the next one's. */
function perProcessor(lines: readonly Line[]): Line[][] {
  const groups: Line[][] = [];
  for (const line of lines) {
    if (line.key === "processor") groups.push([line]);
    else groups.at(-1)?.push(line);
  }
  return groups;
}

/** The board, where the kernel of a POWER or ARM machine names one. */
function boardEntries(lines: readonly Line[]): SysinfoEntries | undefined {
  const at = lines.findIndex((line) => line.key === "platform");
  if (at === -1) return undefined;
  const board = lines.slice(at);
  return entries(
    ["version", firstValue(board, "machine")],
    ["serial", firstValue(board, "model")],
    ["family", firstValue(board, "platform")],
  );
}

/** The sysinfo of a POWER host from its /proc/cpuinfo. */
export function parsePpcCpuinfo(cpuinfo: string): SmbiosInfo {
  const lines = keyLines(cpuinfo);
  const processors = perProcessor(lines).map((processor) =>
    entries(
      ["socket_destination", firstValue(processor, "processor")],
      ["type", firstValue(processor, "cpu")],
      ["version", firstValue(processor, "revision")],
    ),
  );
  return smbios(boardEntries(lines), processors);
}

/** The sysinfo of an ARM host without SMBIOS tables from its /proc/cpuinfo. */
export function parseArmCpuinfo(cpuinfo: string): SmbiosInfo {
  const lines = keyLines(cpuinfo);
  const type = firstValue(lines, "model name") ?? firstValue(lines, "Processor");
  // kernels that do not name their processors list them by features alone, which says nothing here
  const named = type === undefined ? [] : perProcessor(lines);
  const processors = named.map((processor) =>
    entries(["socket_destination", firstValue(processor, "processor")], ["type", type]),
  );
  return smbios(boardEntries(lines), processors);
}

/** The sysinfo of an s390 host from its /proc/cpuinfo and /proc/sysinfo. */
export function parseS390(cpuinfo: string, sysinfo: string): SmbiosInfo {
  const lines = keyLines(cpuinfo);
  const manufacturer = firstValue(lines, "vendor_id") ?? missing("/proc/cpuinfo", "vendor_id");
  const speeds = staticSpeeds(lines);
  const processors = lines
    .filter((line) => line.key.startsWith("processor "))
    .map(({ value }, number) =>
      entries(
        ["family", field(value, "machine")],
        ["manufacturer", manufacturer],
        ["version", field(value, "version")],
        ["max_speed", speeds.get(number)],
        ["serial_number", field(value, "identification")],
      ),
    );
  const system = keyLines(sysinfo);
  const required = (key: string): string => firstValue(system, key) ?? missing("/proc/sysinfo", key);
  return smbios(
    entries(
      ["manufacturer", required("Manufacturer")],
      ["serial", required("Sequence Code")],
      ["family", required("Type")],
    ),
    processors,
  );
}

/** A field of `version = 00,  identification = 145F07,  machine = 2964`. */
function field(text: string, name: string): string {
  const match = new RegExp(`\\b${name}\\s*=\\s*([^,]*)`).exec(text);
  return match?.[1]?.trim() ?? missing("/proc/cpuinfo", name);
}

/** MHz by the number of the processor. */
function staticSpeeds(lines: readonly Line[]): Map<number, string> {
  const speeds = new Map<number, string>();
  let current: number | undefined;
  for (const { key, value } of lines) {
    if (key === "cpu number") current = Number(value);
    if (key === "cpu MHz static" && current !== undefined) speeds.set(current, value);
  }
  return speeds;
}

function missing(file: string, key: string): never {
  throw new VirtError("INTERNAL_ERROR", `${file} has no '${key}'`, { domain: "SYSINFO" });
}
