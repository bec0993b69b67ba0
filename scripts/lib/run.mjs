import { spawn } from "node:child_process";

/**
 * Runs a program to its end. With `capture` its output is returned, else it goes to ours.
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>} code 127 when it cannot be started, 128 when a signal ended it.
 */
export function run(command, args, { capture = false, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: capture ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
      ...options,
    });
    const output = { stdout: "", stderr: "" };
    for (const name of capture ? ["stdout", "stderr"] : []) {
      child[name].setEncoding("utf8").on("data", (text) => {
        output[name] += text;
      });
    }
    child.once("error", (error) => resolve({ code: 127, stdout: "", stderr: String(error) }));
    child.once("close", (code) => resolve({ code: code ?? 128, ...output }));
  });
}

/** The output of a program that must succeed; throws its complaint otherwise. */
export async function output(command, args, options = {}) {
  const { code, stdout, stderr } = await run(command, args, { ...options, capture: true });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr.trim() || `exit code ${code}`}`);
  return stdout;
}
