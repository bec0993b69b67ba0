import { unlink } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type Descriptor, VirtError } from "@polyvisor/core";
import { HelperServer } from "@polyvisor/sdk/helper-daemon";
import { duplicate, hasEnded, readProcessStat } from "@polyvisor/sdk/process";
import { keeperProgram } from "./keeper-api.js";
import type { Holder, LockRecord } from "./record.js";
import { SILENT } from "./silent.js";

/** The listening socket, which the daemon made. */
const LISTENER = 3;

/** How often is looked after locks whose daemon is gone, in milliseconds, and after how many looks nothing is worth keeping. */
const LOOK_MS = 1000;
const LOOKS = 10;

/** How often is looked whether the daemon before has been heard to the end, in milliseconds. */
const FENCE_MS = 2;

interface Kept {
  readonly record: string;
  /** Of a lock. */
  readonly descriptor: Descriptor | undefined;
}

/**
 * The program of a keeper. It touches no file: it has open ones, and hands out copies. It outlives its daemon, and ends when
 * no daemon has come for a while and no process lives for which it keeps a lock.
 */
const kept = new Map<string, Kept>();
let looks = 0;

const server = new HelperServer<typeof keeperProgram.calls, null>(
  {
    program: keeperProgram,
    handlers: {
      keep: ({ key, record, descriptors: [descriptor] }) => {
        if (descriptor === undefined) throw new VirtError("INTERNAL_ERROR", "a descriptor is missing");
        drop(key);
        kept.set(key, { record, descriptor: duplicate(descriptor.fd) });
      },
      note: ({ key, record }) => void kept.set(key, { descriptor: kept.get(key)?.descriptor, record }),
      drop: ({ key }) => drop(key),
      list: async (_args, { id }) => {
        // What a daemon has sent that was killed comes first, or it would undo what the next one does.
        while (server.clients.some((other) => other.id < id)) await delay(FENCE_MS);
        return [...kept].map(([key, { record }]) => ({ key, record }));
      },
      give: ({ key }) => {
        const descriptor = kept.get(key)?.descriptor;
        if (descriptor === undefined) throw new VirtError("INTERNAL_ERROR", `nothing is kept for ${key}`);
        return duplicate(descriptor.fd);
      },
    },
    newState: () => null,
    closed: () => {},
  },
  16,
  SILENT,
);

function drop(key: string): void {
  kept.get(key)?.descriptor?.close();
  kept.delete(key);
}

/** Without a daemon nobody else sees that a guest has ended. */
function look(): void {
  looks = server.clients.length > 0 ? 0 : looks + 1;
  if (looks === 0) return;
  for (const [key, { record, descriptor }] of kept) {
    if (descriptor === undefined) continue;
    const { holders } = JSON.parse(record) as LockRecord;
    if (!holders.some(lives)) drop(key);
  }
  const hasLocks = [...kept.values()].some(({ descriptor }) => descriptor !== undefined);
  if (!hasLocks && (looks >= LOOKS || kept.size === 0)) void end();
}

function lives({ pid, startTime }: Holder): boolean {
  const stat = readProcessStat(pid);
  return startTime !== null && !hasEnded(stat) && String(stat?.startTime) === startTime;
}

async function end(): Promise<void> {
  await unlink(process.argv[2] as string).catch(() => {});
  process.exit();
}

for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, () => {});
setInterval(look, LOOK_MS);
await server.listen({ fd: LISTENER });
