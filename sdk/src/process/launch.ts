import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { VirtError } from "@polyvisor/core";
import { chainOf, environmentOf, GATE, type LaunchPlan, READY } from "./launch-plan.js";
import { keepDescriptorsFromChildren } from "./native.js";
import { ProcessHandle } from "./process-handle.js";

/** A process that waits at the gate of its launch chain. It has the pid that the program will have. */
export interface HeldProcess {
  readonly process: ProcessHandle;
  /** Resolves when its own mounts are prepared, as the plan wants them, and with false where it has ended before. */
  readonly prepared: Promise<boolean>;
  /**
   * Resolves when it has become the program, or has ended, and no command that prepares its mounts runs any more: one that is
   * just running outlives a held process that is killed.
   */
  readonly left: Promise<void>;
  /** Lets it become the program. */
  release(): void;
}

export interface LaunchDescriptors {
  /** Where standard output and error go. The caller keeps its own copy. */
  readonly output: number;
  /** Descriptors that become 4, 5 and so on. The caller keeps its own copies. */
  readonly inherited: readonly number[];
}

/**
 * Starts a process that outlives this one: in a session of its own, with no pipe to us once it is released. Where this
 * process ends before the release, so does the held one.
 */
export async function launch(plan: LaunchPlan, descriptors: LaunchDescriptors): Promise<HeldProcess> {
  const [shell, ...args] = chainOf(plan);
  keepDescriptorsFromChildren();
  const child = spawn(shell, args, {
    cwd: "/",
    env: environmentOf(plan),
    detached: true,
    stdio: ["ignore", descriptors.output, descriptors.output, "pipe", ...descriptors.inherited],
  });
  child.unref();
  const gate = child.stdio[GATE] as Duplex;
  // A process that was killed at the gate makes the write fail; its end is told by the handle.
  gate.on("error", () => {});
  // All that runs before the program has its end of the gate.
  const left = new Promise<void>((resolve) => {
    gate.once("end", resolve).once("close", resolve);
  });
  const { pid, prepared } = await announced(child, gate);
  return { process: ProcessHandle.open(pid), prepared, left, release: () => void gate.end("go\n") };
}

/** The process tells its pid, and in a second line that it waits at the gate from now on. */
function announced(child: ChildProcess, gate: Duplex): Promise<{ pid: number; prepared: Promise<boolean> }> {
  return new Promise((resolve, reject) => {
    let said = "";
    const prepared = new Promise<boolean>((tell) => {
      gate.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("\n")) resolve({ pid: Number.parseInt(said, 10), prepared });
        if (said.endsWith(`${READY}\n`)) tell(true);
      });
      gate.once("end", () => tell(false)).once("close", () => tell(false));
    });
    gate.once("end", () => reject(cannotStart("it ended without a word")));
    child.once("error", (cause) => reject(cannotStart(cause.message, cause)));
  });
}

function cannotStart(reason: string, cause?: Error): VirtError {
  return new VirtError("SYSTEM_ERROR", `cannot start /bin/sh: ${reason}`, { cause });
}
