import { readFile } from "node:fs/promises";
import { VirtError } from "@polyvisor/core";
import { connectFirst, splice } from "./connect.js";
import { readCommandLine, UsageError } from "./options.js";

/** Exit codes as `polyvisord` has them. */
const EXIT = { FAILED: 1, USAGE: 2 } as const;

/**
 * `virt-ssh-helper`: run by libvirt's clients at the far end of an ssh connection. Finds the socket of the daemon that a URI
 * means, and carries the connection to it on its standard input and output.
 */
export function run(): Promise<void> {
  return main().catch(complain);
}

async function main(): Promise<void> {
  const request = readCommandLine(process.argv, await version());
  if (request === undefined) return;
  await splice(await connectFirst(request.sockets), process.stdin, process.stdout);
  process.exit();
}

async function version(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** The client at the other end sees what is written here. */
function complain(error: unknown): void {
  const hint = error instanceof VirtError && error.hint !== undefined ? `\nhint: ${error.hint}` : "";
  process.stderr.write(`virt-ssh-helper: ${(error as Error).message}${hint}\n`);
  process.exitCode = error instanceof UsageError ? EXIT.USAGE : EXIT.FAILED;
}
