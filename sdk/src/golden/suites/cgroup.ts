import { CONTROLLERS, parseCgroupMounts, SYSTEMD } from "../../cgroup/index.js";
import type { GoldenSuites } from "../case.js";
import { expectMode, expectUnwrapped } from "../compare.js";

/** Where each controller is mounted, in a table. */
function describeMounts(mounts: string): string {
  const { legacy, unified } = parseCgroupMounts(mounts);
  if (legacy.size === 0 && unified === undefined) throw new Error("there are no control groups");
  // libvirt has no use for this one.
  const names = [...CONTROLLERS.filter((name) => name !== "pids"), SYSTEMD] as const;
  const rows = names.map((name): [string, string | undefined] => [name, legacy.get(name)]);
  return [...rows, ["unified", unified] as const]
    .map(([name, mount]) => `${name.padEnd(12)} ${mount ?? "<null>"}\n`)
    .join("");
}

export const cgroupSuites: GoldenSuites = {
  vircgroup: () => async (row, files) => {
    const table = await expectMode(row, () => describeMounts(files.text(row.input)));
    if (table !== undefined) expectUnwrapped(files, row.expected, table);
  },
};
