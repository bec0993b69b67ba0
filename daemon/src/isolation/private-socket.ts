import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { makeFolders } from "@polyvisor/sdk/store";

/**
 * A path for a socket that nobody else finds, in a folder that is the user's alone. Its name means nothing: others may run
 * plugins beside a daemon, such as the command that lists them.
 *
 * @param run the folder for what does not survive a reboot
 */
export async function privateSocket(run: string): Promise<string> {
  const folder = join(run, "plugins");
  await makeFolders(folder, 0o700);
  return join(folder, randomBytes(4).toString("hex"));
}
