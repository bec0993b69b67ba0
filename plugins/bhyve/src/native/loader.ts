import { takeMemory, takeName } from "./bhyve.js";
import type { Draft } from "./draft.js";
import { readOptions } from "./options.js";
import { isProgram } from "./split.js";

const VALUED = "dmcehl";

/** Reads the command that ran before the guest's. */
export function readLoader(draft: Draft, [program, ...args]: readonly [string, ...string[]]): void {
  if (isProgram(program, "bhyveload")) readBhyveload(draft, [program, ...args]);
  else keep(draft, [program, ...args]);
}

/** Called with nothing but memory and a disk, it is what a guest of ours runs by itself. */
function readBhyveload(draft: Draft, [program, ...args]: readonly [string, ...string[]]): void {
  const { options, name } = readOptions(args, VALUED);
  for (const { letter, value = "" } of options) {
    if (letter === "m") takeMemory(draft, value);
    if (letter === "d") bootFrom(draft, value);
  }
  const letters = new Set(options.map(({ letter }) => letter));
  const isUsual = letters.size === 2 && letters.has("m") && letters.has("d");
  if (!isUsual) keep(draft, [program, ...args]);
  takeName(draft, name);
}

/** Any disk but the first needs to be told that it is booted from. */
function bootFrom({ disks }: Draft, path: string): void {
  const at = disks.findIndex(
    ({ source }) => (source.type === "file" || source.type === "block") && source.path === path,
  );
  const disk = disks[at];
  if (disk !== undefined && at > 0) disks[at] = { ...disk, bootOrder: at };
}

function keep(draft: Draft, [program, ...args]: readonly [string, ...string[]]): void {
  draft.bootloader = program;
  draft.bootloaderArgs = args.join(" ");
}
