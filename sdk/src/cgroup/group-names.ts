import { groupName } from "./cgroup.js";

/** The longest name of a machine. */
const MAX_NAME = 64;
/** Partitions of systemd's, which are called as they are. */
const FIXED: readonly string[] = ["machine", "system", "user"];

/** The group in which guests are whose configuration names none. */
export const DEFAULT_PARTITION = "/machine";

/**
 * The name of a guest's machine: `start`, and the letters of a host's name, no two dots or dashes beside each other, and none at
 * the end.
 */
export function machineName(start: string, name: string): string {
  let all = start;
  let isBreak = true;
  for (const char of name) {
    if (all.length >= MAX_NAME) break;
    const isMark = char === "." || char === "-";
    if (isMark ? isBreak : !/[A-Za-z0-9]/.test(char)) continue;
    all += char;
    isBreak = isMark;
  }
  return all.replace(/[-.]+$/, "");
}

/** A partition's folders: all that are not systemd's and have no suffix get one. */
export function partitionPath(partition: string): string {
  const steps = partition.split("/").filter((step) => step !== "");
  const named = steps.map((step, at) => {
    const isPlain = step.includes(".") || (at === 0 && FIXED.includes(step));
    return groupName(isPlain ? step : `${step}.partition`);
  });
  return `/${named.join("/")}`;
}
