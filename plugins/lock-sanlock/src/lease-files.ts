import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { VirtError } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";
import type { Settings } from "./settings.js";

const SCRIPT = fileURLToPath(new URL("../lease-files.sh", import.meta.url));
/** How long one of its runs may take, in milliseconds. */
const DEADLINE = 20_000;
/** How long a file may be there without being a lease, in milliseconds: libvirt makes it first and formats it then. */
export const BEING_MADE = 5000;

/**
 * Makes a file for a lease or a lockspace that has none. Nobody ever sees it unformatted: it gets its name only after `format`,
 * which is told where it is meanwhile. Where another makes the same one at that time, the first remains.
 */
export async function makeLeaseFile(
  path: string,
  settings: Settings,
  format: (temporary: string) => Promise<void>,
): Promise<void> {
  // Tools that look through the folder leave hidden files alone.
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);
  try {
    await run(path, "make", ownerOf(settings), modeOf(settings), temporary);
    await format(temporary);
    await run(path, "name", temporary, path);
  } catch (error) {
    await run(path, "drop", temporary).catch(() => {});
    throw error;
  }
}

/** Gives a file that is there the owner and the rights with which sanlock can use it. */
export async function ownLeaseFile(path: string, settings: Settings): Promise<void> {
  const mode = settings.group === undefined ? "-" : modeOf(settings);
  if (ownerOf(settings) !== "-") await run(path, "own", ownerOf(settings), mode, path);
}

function ownerOf({ user, group }: Settings): string {
  if (user === undefined && group === undefined) return "-";
  return `${numbered(user)}${group === undefined ? "" : `:${numbered(group)}`}`;
}

/** `+107` is a number also where somebody has that name, as in qemu.conf. */
function numbered(name = ""): string {
  return name.replace(/^\+/, "");
}

function modeOf({ group }: Settings): string {
  return group === undefined ? "0600" : "0660";
}

async function run(path: string, ...words: string[]): Promise<void> {
  const { status, stderr } = await runHelper(["/bin/sh", SCRIPT, ...words], { deadline: DEADLINE });
  if (status === 0) return;
  const why = /: ([^:\n]+)\n?$/.exec(stderr)?.[1] ?? stderr.trim();
  throw new VirtError("INTERNAL_ERROR", `Unable to create lockspace ${path}: ${why}`, {
    hint: `disk_lease_dir must be a folder that exists, usually a mount: ${stderr.trim()}`,
  });
}
