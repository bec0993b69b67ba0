import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import type { Words } from "./dom0.js";

/** A program's input and output as one stream, which ends with it; destroyed, it ends the program. */
export function childStream([program, ...args]: Words): Duplex {
  const child = spawn(program, args, { cwd: "/", detached: true, stdio: ["pipe", "pipe", "ignore"] });
  const { stdin, stdout } = child;
  const stream = new Duplex({
    read: () => void stdout.resume(),
    write: (chunk, _, done) => void stdin.write(chunk, done),
    final: (done) => void stdin.end(done),
    destroy(error, done) {
      if (child.pid !== undefined) endGroup(child.pid);
      done(error);
    },
  });
  stdout.on("data", (chunk) => {
    if (!stream.push(chunk)) stdout.pause();
  });
  stdout.once("end", () => stream.push(null));
  // It has ended: what was not written is of no use, and the reader learns of the end.
  stdin.on("error", () => {});
  child.once("error", (error) => stream.destroy(error));
  child.once("close", () => stream.end());
  return stream;
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGTERM");
  } catch {
    // It has ended already.
  }
}
