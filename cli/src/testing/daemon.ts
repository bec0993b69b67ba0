import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** Starts polyvisord below a root; resolves, once clients can connect, with what ends it. */
export async function runPolyvisord(root: string): Promise<() => Promise<void>> {
  const bin = join(dirname(dirname(fileURLToPath(import.meta.resolve("@polyvisor/daemon")))), "bin/polyvisord.js");
  const child = spawn(process.execPath, [bin, "--root", root], { stdio: ["ignore", "pipe", "pipe"] });
  const said = text(child.stderr);
  const exit = once(child, "exit");
  const failed = exit.then(async () => Promise.reject(new Error(`polyvisord ended: ${await said}`)));
  failed.catch(() => {});
  await Promise.race([once(createInterface(child.stdout), "line"), failed]);
  return async () => {
    child.kill("SIGTERM");
    await exit;
  };
}
