import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";
import { adminProgram } from "@polyvisor/core";
import { connectTo, stubsOf } from "@polyvisor/sdk/rpc";
import type { Command } from "../command.js";
import { daemonBehind } from "../recording/daemon.js";
import { LogReader } from "../recording/log-lines.js";

/** How often the log is looked at. */
const POLL_MS = 100;

export const trace: Command = {
  usage: "trace [match]",
  description: "Follow the calls that a daemon answers, or those whose name, plugin or URI has <match>, until ^C",
  async run(session, [match = "*"]) {
    const stop = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
    const { socket } = await daemonBehind(session.uri, session.readOnly);
    const folder = await mkdtemp(join(tmpdir(), "polyvisor-trace-"));
    const file = join(folder, "log");
    const untie = await tieLog(join(dirname(socket), "libvirt-admin-sock"), `1:${match}`, `1:file:${file}`);
    try {
      session.print(`Following the calls at ${socket}; ^C ends it`);
      await follow(file, session.print, stop.signal);
    } finally {
      await untie();
      await rm(folder, { recursive: true });
    }
  },
};

/** Adds a filter and an output to those of the daemon's log; what it gives takes them away again. */
async function tieLog(socket: string, filter: string, output: string): Promise<() => Promise<void>> {
  const client = await connectTo({ kind: "unix", path: socket });
  const admin = stubsOf(client, adminProgram);
  const flags = 0;
  const now = async () => ({
    filters: wordsOf((await admin.connectGetLoggingFilters({ flags })).filters),
    outputs: wordsOf((await admin.connectGetLoggingOutputs({ flags })).outputs),
  });
  const set = async ({ filters, outputs }: Awaited<ReturnType<typeof now>>) => {
    await admin.connectSetLoggingOutputs({ outputs: outputs.join(" "), flags });
    await admin.connectSetLoggingFilters({ filters: filters.join(" "), flags });
  };
  await admin.connectOpen({ flags });
  const before = await now();
  await set({ filters: [filter, ...before.filters], outputs: [...before.outputs, output] });
  // The daemon spells a filter in its own way.
  const [ours] = (await now()).filters;
  return async () => {
    const { filters, outputs } = await now();
    await set({ filters: filters.filter((word) => word !== ours), outputs: outputs.filter((word) => word !== output) });
    await client.close();
  };
}

function wordsOf(text: string | null): readonly string[] {
  return (text ?? "").split(" ").filter((word) => word !== "");
}

async function follow(path: string, print: (line: string) => void, signal: AbortSignal): Promise<void> {
  const reader = new LogReader();
  const decoder = new StringDecoder("utf8");
  const file = await open(path);
  const chunk = Buffer.alloc(65536);
  let torn = "";
  try {
    while (!signal.aborted) {
      const { bytesRead } = await file.read(chunk);
      if (bytesRead === 0) await delay(POLL_MS, undefined, { signal }).catch(() => {});
      const lines = (torn + decoder.write(chunk.subarray(0, bytesRead))).split("\n");
      torn = lines.pop() ?? "";
      for (const line of lines) {
        const shown = reader.read(line);
        if (shown !== undefined) print(shown);
      }
    }
  } finally {
    await file.close();
  }
}
