import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Recorder } from "@polyvisor/sdk/recording";
import type { Command } from "../command.js";
import { UsageError } from "../errors.js";
import { daemonBehind, uriThrough } from "../recording/daemon.js";

/** How long a program that ended may have left others behind that still talk with the daemon. */
const GRACE_MS = 2000;

export const record: Command = {
  usage: "record <file> [...program]",
  description: "Record what a program (-- virsh list) and the daemon say; without one until ^C",
  async run(session, [file = "", ...program]) {
    const daemon = await daemonBehind(session.uri, session.readOnly);
    const folder = await mkdtemp(join(tmpdir(), "polyvisor-record-"));
    const socket = join(folder, "socket");
    // A recording holds whatever was said, passwords and secrets too.
    const output = (await openNew(file)).createWriteStream();
    const write = (line: string) => void output.write(`${line}\n`);
    try {
      const recorder = await Recorder.listen({ daemon: daemon.socket, socket, uri: daemon.name ?? "", write });
      try {
        const uri = uriThrough(socket, session.uri);
        if (program.length > 0) process.exitCode = await run(program, uri);
        else await untilStopped(() => session.print(`Recording whoever connects to ${uri}`));
      } finally {
        await recorder.close(program.length > 0 ? GRACE_MS : 0);
      }
    } finally {
      output.end();
      await once(output, "close");
      await rm(folder, { recursive: true });
    }
  },
};

async function openNew(file: string) {
  try {
    return await open(file, "w", 0o600);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Runs a program that connects to `uri` where it is told nothing else, and resolves to its exit code. */
async function run([name = "", ...args]: readonly string[], uri: string): Promise<number> {
  const env = { ...process.env, LIBVIRT_DEFAULT_URI: uri, VIRSH_DEFAULT_CONNECT_URI: uri, POLYVISOR_URI: uri };
  const child = spawn(name, args, { env, stdio: "inherit" });
  // ^C goes to both; what the program said up to its end is kept.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  try {
    const [code] = (await once(child, "exit")) as [number | null];
    return code ?? 1;
  } catch (error) {
    throw new UsageError((error as Error).message);
  } finally {
    process.off("SIGINT", ignore);
  }
}

async function untilStopped(ready: () => void): Promise<void> {
  const stopped = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  ready();
  await stopped;
}
