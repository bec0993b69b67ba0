import { closeSync, mkdirSync, openSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import {
  ALLOW_MULTI,
  attachedPrograms,
  attachProgram,
  canFilterDevices,
  filterDevices,
  loadProgram,
} from "./device-filter.js";
import type { DeviceRule } from "./device-rules.js";

const MOUNT = / (\/\S+) cgroup2 /.exec(readFileSync("/proc/mounts", "utf8"))?.[1];
const NULL: DeviceRule = { type: "char", major: 1, minor: 3, access: "rwm" };
const canHave = process.getuid?.() === 0 && MOUNT !== undefined && canFilterDevices();
const onVersion2 = canHave ? test : test.skip;

/** As container engines attach programs, and as we do. */
for (const [how, flags] of [
  ["several", ALLOW_MULTI],
  ["alone", 0],
] as const) {
  onVersion2(`rules of a group replace what was attached ${how}${canHave ? "" : " (no cgroup2 here)"}`, (t) => {
    const path = join(MOUNT ?? "", `device-filter-${process.pid}-${how}`);
    mkdirSync(path);
    const folder = openSync(path, "r");
    try {
      const program = loadProgram([NULL]);
      attachProgram(folder, program, flags);
      closeSync(program);
      const [before] = attachedPrograms(folder);
      filterDevices(folder, [NULL, { type: "block", access: "m" }]);
      const [after, ...others] = attachedPrograms(folder);
      t.deepEqual(others, []);
      t.not(after, before);
      t.not(after, undefined);
    } finally {
      closeSync(folder);
      rmdirSync(path);
    }
  });
}
