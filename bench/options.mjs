import { parseArgs } from "node:util";

export const USAGE = `usage: npm run bench -- [options]
  --quick         shorter measures, one repetition unless --reps says more
  --reps N        repetitions (5)
  --only NAME     only measures whose name or group is NAME; may be given again: calls, connections, events, list, definitions, plugins, isolation,
                  qemu, lxc, memory, budget. What was not measured stays out of the page: without --write it is not written then
  --write         write docs/performance.md and .json even after --only or --quick
  --no-build      take the build as it is
  --profile NAME  profile our daemon under one measure instead, and print where its time goes
  --help          print this`;

/** @returns {{ quick: boolean, reps: number, only: string[], write: boolean, build: boolean, profile?: string, help: boolean }} */
export function readOptions(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      quick: { type: "boolean", default: false },
      reps: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      write: { type: "boolean" },
      "no-build": { type: "boolean", default: false },
      profile: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const reps = Number(values.reps ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(reps) || reps < 1) throw new Error(`--reps ${values.reps}: must be 1 or more`);
  return {
    quick: values.quick,
    reps,
    only: values.only,
    write: values.write ?? !(values.quick || values.only.length > 0),
    build: !values["no-build"],
    profile: values.profile,
    help: values.help,
  };
}
