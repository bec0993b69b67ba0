import { spawn } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { defaultPaths, type HostPaths, rootPaths, VirtError } from "@polyvisor/core";
import { keepDescriptorsFromChildren } from "../process/native.js";
import type { DaemonNames } from "./options.js";

/** A helper daemon that a plugin needs, and starts by itself where nobody serves its socket. */
export interface Summons extends DaemonNames {
  /** The daemon's program, which this Node runs. */
  readonly program: string;
  readonly socket: string;
  readonly paths: HostPaths;
}

/** How long a daemon may take until it listens, on a busy machine, in milliseconds. */
const DEADLINE = 30_000;
const LOOK_AGAIN = 20;
/** Without work the daemon ends: it is started again when it is needed. */
const IDLE_SECONDS = 30;

const starting = new Map<string, Promise<void>>();

/**
 * Resolves when somebody listens at the daemon's socket. Otherwise starts it: in a session of its own, so that it outlives
 * this process. Fails with `SYSTEM_ERROR` where it does not come.
 */
export async function summonDaemon(summons: Summons): Promise<void> {
  if (await isServed(summons.socket)) return;
  const begun = starting.get(summons.socket) ?? start(summons).finally(() => starting.delete(summons.socket));
  starting.set(summons.socket, begun);
  await begun;
}

async function start(summons: Summons): Promise<void> {
  const argv = [summons.program, ...placeWords(summons), "--timeout", String(IDLE_SECONDS)];
  keepDescriptorsFromChildren();
  const child = spawn(process.execPath, argv, { cwd: "/", detached: true, stdio: "ignore" });
  child.unref();
  let ended: string | undefined;
  child.once("error", ({ message }) => {
    ended = message;
  });
  child.once("exit", (code, signal) => {
    ended = `it ended with ${signal ?? `status ${code}`}`;
  });
  const until = performance.now() + DEADLINE;
  while (!(await isServed(summons.socket))) {
    // Another process may have started one at the same moment: of two the second ends, and the first serves in a while.
    if (performance.now() > until) throw notServed(summons, argv, ended ?? `nobody listens after ${DEADLINE / 1000} s`);
    if (ended !== undefined) await delay(10 * LOOK_AGAIN);
    await delay(LOOK_AGAIN);
  }
}

function notServed({ name, socket }: Summons, argv: readonly string[], reason: string): VirtError {
  return new VirtError("SYSTEM_ERROR", `cannot start ${name} for '${socket}': ${reason}`, {
    hint: `try it by hand: ${[process.execPath, ...argv].join(" ")}`,
  });
}

/** Where the daemon keeps its things: it has the same defaults as its host. */
function placeWords({ libvirtName, socket, paths }: Summons): string[] {
  const root = paths.run.endsWith("/run/libvirt") ? paths.run.slice(0, -"/run/libvirt".length) : undefined;
  if (root !== undefined && rootPaths(root).config === paths.config) return ["--root", root || "/", "--socket", socket];
  const mode = process.geteuid?.() === 0 ? "system" : "session";
  if (defaultPaths(mode).run === paths.run) return ["--socket", socket];
  const pidFile = join(paths.run, `${libvirtName}.pid`);
  return ["--socket", socket, "--pid-file", pidFile];
}

/** Whether a connection is taken, or waits to be: a daemon that hangs is there all the same. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "EAGAIN"));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
