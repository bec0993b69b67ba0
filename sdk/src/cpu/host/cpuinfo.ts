import { readFileSync } from "node:fs";

/** What /proc/cpuinfo says of the first processor, by the words before the colons. */
export type Cpuinfo = ReadonlyMap<string, string>;

export function parseCpuinfo(text: string): Cpuinfo {
  const facts = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim();
    if (colon > 0 && !facts.has(name)) facts.set(name, line.slice(colon + 1).trim());
  }
  return facts;
}

export function readCpuinfo(path = "/proc/cpuinfo"): Cpuinfo {
  return parseCpuinfo(readFileSync(path, "utf8"));
}

/** The revision of the processor's own program; undefined where it has none. */
export function microcodeOf(cpuinfo: Cpuinfo): number | undefined {
  const version = Number(cpuinfo.get("microcode"));
  return version > 0 ? version : undefined;
}

/** How many bits a physical address has. */
export function addressBits(cpuinfo: Cpuinfo): number | undefined {
  const bits = /^\d+/.exec(cpuinfo.get("address sizes") ?? "");
  return bits === null ? undefined : Number(bits[0]);
}

/** POWER's version register, as in `2.2 (pvr 004e 1202)`. */
export function pvrOf(cpuinfo: Cpuinfo): number | undefined {
  const [, high = "", low = ""] = /\(pvr ([0-9a-f]{4}) ([0-9a-f]{4})\)/.exec(cpuinfo.get("revision") ?? "") ?? [];
  return high === "" ? undefined : Number.parseInt(high + low, 16);
}

/** Which part by which implementer an ARM processor is, and what it can do by the kernel's names. */
export function armPartOf(
  cpuinfo: Cpuinfo,
): { readonly part: number; readonly implementer: number; readonly features: readonly string[] } | undefined {
  const part = cpuinfo.get("CPU part");
  const features = (cpuinfo.get("Features") ?? "").split(/\s+/).filter((name) => name !== "");
  // Without it the kernel does not show which processor this is.
  if (part === undefined || !features.includes("cpuid")) return undefined;
  return { part: Number(part), implementer: Number(cpuinfo.get("CPU implementer")), features };
}
