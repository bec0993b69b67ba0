import { open, readFile, stat, unlink } from "node:fs/promises";
import { createConnection } from "node:net";
import { dirname } from "node:path";
import { makeFolders } from "../store/make-folders.js";
import { closeDescriptor, lockFile } from "./native.js";
import { StartError } from "./start-error.js";

/**
 * The right to be the one daemon of a place, until `release`. It also ends with the process, however that ends, but not
 * where the process replaces its program.
 */
export interface Claim {
  /** The descriptor that holds the lock. */
  readonly descriptor: number;
  release(): Promise<void>;
}

/** How long a socket's owner may take to accept a connection before the socket counts as held. */
const PROBE_MS = 2000;

/**
 * Claims a place for this process: the lock on its pid file, which libvirt's daemons take too, and sockets that nobody
 * listens on. What a killed daemon left behind is no obstacle. Throws a `StartError` that names the holder.
 */
export async function claim(pidFile: string, sockets: readonly string[]): Promise<Claim> {
  await makeFolders(dirname(pidFile));
  const file = await lockedPidFile(pidFile);
  try {
    for (const socket of sockets) await clearStale(socket);
    await file.truncate(0);
    await file.write(`${process.pid}\n`, 0);
  } catch (error) {
    await unlink(pidFile).catch(() => {});
    await file.close();
    throw error;
  }
  return {
    descriptor: file.fd,
    async release() {
      await unlink(pidFile).catch(() => {});
      await file.close();
    },
  };
}

/** The claim of the program that this process ran before: its lock is held, and is lost where the file is opened again. */
export function claimKept(pidFile: string, descriptor: number): Claim {
  return {
    descriptor,
    async release() {
      await unlink(pidFile).catch(() => {});
      closeDescriptor(descriptor);
    },
  };
}

type PidFile = Awaited<ReturnType<typeof open>>;

/** A daemon that ends removes its pid file: a lock on a file that is no longer in its place counts for nothing. */
async function lockedPidFile(path: string): Promise<PidFile> {
  for (;;) {
    const file = await open(path, "a+", 0o644);
    try {
      if (!lockFile(file.fd)) throw await held(path);
      const [ours, present] = await Promise.all([file.stat(), stat(path).catch(() => undefined)]);
      if (present?.ino === ours.ino && present.dev === ours.dev) return file;
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
  }
}

async function held(path: string): Promise<StartError> {
  const pid = (await readFile(path, "utf8").catch(() => "")).trim();
  const who = pid === "" ? "another daemon" : `another daemon (pid ${pid})`;
  return new StartError(`${who} already runs here: it holds ${path}`, "stop it first, or choose another --root");
}

/** Removes the socket of a daemon that was killed. Throws a `StartError` where one listens on it, or where it is no socket. */
export async function clearStale(socket: string): Promise<void> {
  if (!(await isSocket(socket))) return;
  if (await isServed(socket))
    throw new StartError(
      `another daemon already serves ${socket}`,
      "stop it first (libvirtd, virtqemud or another polyvisord), or choose another --root",
    );
  await unlink(socket).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

/** Whether there is a socket by this name. What is something else is somebody's, and stays. */
async function isSocket(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isSocket()) return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return false;
    throw new StartError(`no socket can be made at ${path}: ${message}`, "name another place for it");
  }
  throw new StartError(`${path} is there and is no socket`, "name another place for the socket, or move what is there");
}

/** Whether somebody listens. A full backlog and a socket that may not be opened mean that somebody does. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(path);
    const settle = (served: boolean) => {
      clearTimeout(timer);
      probe.destroy();
      resolve(served);
    };
    const timer = setTimeout(() => settle(true), PROBE_MS);
    probe.once("connect", () => settle(true));
    probe.once("error", (error: NodeJS.ErrnoException) =>
      settle(error.code !== "ENOENT" && error.code !== "ECONNREFUSED"),
    );
  });
}
