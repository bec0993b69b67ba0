import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { VirtError } from "@polyvisor/core";
import { keepDescriptorsFromChildren, ProcessHandle, UNSHARE } from "@polyvisor/sdk/process";

/** A shim that waits at its gate. It leads a session and a process group of its own, and has no parent once the daemon is gone. */
export interface HeldShim {
  readonly process: ProcessHandle;
  /** What its preparing commands have told on descriptor 3, once they are done; `undefined` where it has ended before that. */
  readonly prepared: Promise<string | undefined>;
  /** Lets it run the engine. */
  release(): void;
}

export interface ShimPlan {
  /** The shim's words after its own name. */
  readonly words: readonly string[];
  /** Commands of a shell that it runs while it is held. */
  readonly prepare: string;
  /** Whether it has a mount namespace of its own, into which the host's mounts still propagate. */
  readonly ownMounts: boolean;
  /** Where standard output and error go. */
  readonly output: number;
  /** Descriptors that become 4, 5 and so on. */
  readonly inherited: readonly number[];
}

export const SHIM = fileURLToPath(new URL("../../bin/polyvisor-lxc-shim", import.meta.url));
/** What the shim, the engine and what they run find their programs with. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const GATE = 3;
const READY = "ready\n";

/** Starts a shim, which ends with this process until it is released. */
export async function launchShim({ words, prepare, ownMounts, output, inherited }: ShimPlan): Promise<HeldShim> {
  const [program, ...args] = [...(ownMounts ? ["/usr/bin/env", ...UNSHARE] : []), "/bin/sh", SHIM, ...words] as [
    string,
    ...string[],
  ];
  keepDescriptorsFromChildren();
  const child = spawn(program, args, {
    cwd: "/",
    env: { PATH, PREPARE: prepare },
    detached: true,
    stdio: ["ignore", output, output, "pipe", ...inherited],
  });
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw await cannotStart(child);
  const gate = child.stdio[GATE] as Duplex;
  // A shim that was killed at the gate makes the write fail; its end is told by the handle.
  gate.on("error", () => {});
  return { process: ProcessHandle.open(pid), prepared: toldAt(gate), release: () => void gate.end("go\n") };
}

function toldAt(gate: Duplex): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = "";
    gate.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.endsWith(READY)) resolve(said.slice(0, -READY.length));
    });
    gate.once("end", () => resolve(undefined)).once("close", () => resolve(undefined));
  });
}

function cannotStart(child: ChildProcess): Promise<VirtError> {
  return new Promise((resolve) => {
    child.once("error", (cause) => {
      resolve(new VirtError("SYSTEM_ERROR", `cannot start /bin/sh: ${cause.message}`, { domain: "LXC", cause }));
    });
  });
}
