import { spawn } from "node:child_process";
import { VirtError } from "@polyvisor/core";
import { chainOf, type LaunchPlan } from "./launch-plan.js";
import { keepDescriptorsFromChildren } from "./native.js";
import { ProcessHandle } from "./process-handle.js";

/** A process that waits at the gate of its launch chain. It has the pid that the program will have. */
export interface HeldProcess {
  readonly process: ProcessHandle;
  /** Lets it become the program. */
  release(): void;
}

export interface LaunchDescriptors {
  /** Where standard output and error go. The caller keeps its own copy. */
  readonly output: number;
  /** Descriptors that become 3, 4 and so on. The caller keeps its own copies. */
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
    env: { ...plan.env },
    detached: true,
    stdio: ["pipe", descriptors.output, descriptors.output, ...descriptors.inherited],
  });
  if (child.pid === undefined) {
    throw await new Promise<VirtError>((resolve) => {
      child.once("error", (cause) =>
        resolve(new VirtError("SYSTEM_ERROR", `cannot start ${shell}: ${cause.message}`, { cause })),
      );
    });
  }
  const gate = child.stdin as NonNullable<typeof child.stdin>;
  // A process that was killed at the gate makes the write fail; its end is told by the handle.
  gate.on("error", () => {});
  child.on("error", () => {});
  child.unref();
  return { process: ProcessHandle.open(child.pid), release: () => void gate.end("go\n") };
}
