import { VirtError } from "@polyvisor/core";
import type { NumberSet } from "./domain/model/common.js";

/** The most numbers that a set may name, as in libvirt. */
const LIMIT = 16384;

/** Reads libvirt's lists of CPUs and nodes, such as `0-3,^2,8`. Throws `INVALID_ARG` in libvirt's words. */
export function parseNumberSet(text: string): NumberSet {
  const set = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^\s*(\^?)(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(part);
    const first = Number(match?.[2]);
    const last = match?.[3] === undefined ? first : Number(match[3]);
    if (match === null || last < first || last >= LIMIT || (match[1] === "^" && match[3] !== undefined)) {
      throw new VirtError("INVALID_ARG", `Failed to parse bitmap '${text}'`, {
        hint: "Write numbers and ranges with commas, such as 0-3,^2,8.",
      });
    }
    for (let each = first; each <= last; each++) {
      if (match[1] === "^") set.delete(each);
      else set.add(each);
    }
  }
  return [...set].sort((a, b) => a - b);
}

/** Prints a set with ranges, such as `0-1,3,8`. */
export function formatNumberSet(set: NumberSet): string {
  const parts: string[] = [];
  for (let at = 0; at < set.length; at++) {
    const first = set[at] ?? 0;
    let last = first;
    while (set[at + 1] === last + 1) {
      last++;
      at++;
    }
    parts.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return parts.join(",");
}
