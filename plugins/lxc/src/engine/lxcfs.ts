import { readFileSync } from "node:fs";

/** Where lxcfs is mounted, which shows processes of a container what its limits leave; by the kernel's list alone. */
export function lxcfsFolder(): string | undefined {
  return findLxcfs(readFileSync("/proc/self/mounts", "utf8"));
}

export function findLxcfs(mounts: string): string | undefined {
  for (const line of mounts.split("\n")) {
    const [, point, type] = line.split(" ");
    if (type === "fuse.lxcfs" && point !== undefined && !point.includes("\\")) return point;
  }
  return undefined;
}
