import { constants, openSync, readdirSync, readlinkSync } from "node:fs";
import { Descriptor } from "@polyvisor/core";

/** The inode's number in what a descriptor of a pipe links to. */
const PIPE = /^pipe:\[(\d+)\]$/;

/** The number of the pipe that a descriptor of this process belongs to; `undefined` where it is none. */
export function pipeOf(fd: number): string | undefined {
  return pipeAt(`/proc/self/fd/${fd}`);
}

/**
 * Opens the read ends of pipes by their numbers, through any process that has an end of them: the guest that writes, or who
 * keeps it for us. `pids`: where to look, by default everywhere. What nobody has any more is left out. Reads procfs alone.
 */
export function openPipes(wanted: ReadonlySet<string>, pids: readonly string[] = processes()): Map<string, Descriptor> {
  const found = new Map<string, Descriptor>();
  for (const pid of pids) {
    for (const fd of entriesOf(`/proc/${pid}/fd`)) {
      if (found.size === wanted.size) return found;
      const path = `/proc/${pid}/fd/${fd}`;
      const pipe = pipeAt(path);
      if (pipe === undefined || !wanted.has(pipe) || found.has(pipe)) continue;
      const reader = openToRead(path);
      if (reader !== undefined && pipeOf(reader.fd) === pipe) found.set(pipe, reader);
      else reader?.close();
    }
  }
  return found;
}

/** Whoever opens a pipe again needs no descriptor that can be read: the kernel looks at the pipe's owner. */
export function openToRead(path: string): Descriptor | undefined {
  try {
    return new Descriptor(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  } catch {
    return undefined;
  }
}

function pipeAt(path: string): string | undefined {
  try {
    return PIPE.exec(readlinkSync(path))?.[1];
  } catch {
    return undefined;
  }
}

function processes(): string[] {
  return entriesOf("/proc").filter((name) => /^\d+$/.test(name));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
