// Test files with everything that `npm test` leaves out of them.
import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Runs test files, whose words go to our output.
 * @param {readonly string[]} files as ava takes them
 * @returns {Promise<{ passed: number, failed: string[] }>} how many tests passed, and the titles of those that failed
 */
export async function runWhole(files) {
  const child = spawn("npx", ["ava", ...files], {
    env: { ...process.env, POLYVISOR_WHOLE_KITS: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (bytes) => {
    said += bytes;
    process.stdout.write(bytes);
  });
  await once(child, "close");
  return {
    passed: Number(/(\d+) tests? passed/.exec(said)?.[1] ?? 0),
    failed: [...said.matchAll(/^.*✘ \[fail\].*$/gm)].map(([line]) => line.trim()),
  };
}
