import { readdirSync, readFileSync } from "node:fs";
import { parseNumberSet } from "../number-set.js";

// procfs and sysfs are memory: reading them waits for no disk. Not every kernel has every file.

export function text(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

export function bytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** What is in a folder; nothing when there is none. */
export function names(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

export function number(path: string): number | undefined {
  const value = Number.parseInt(text(path) ?? "", 10);
  return Number.isNaN(value) ? undefined : value;
}

export function readSet(path: string): readonly number[] | undefined {
  const list = text(path)?.trim();
  return list === undefined || list === "" ? undefined : parseNumberSet(list);
}

/** The numbers of entries such as `cpu0`, `node1`, `hugepages-2048kB`, ascending. */
export function listed(path: string, prefix: string, suffix = ""): readonly number[] {
  const entry = new RegExp(`^${prefix}(\\d+)${suffix}$`);
  return names(path)
    .flatMap((name) => entry.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
