import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Log } from "@polyvisor/core";
import { removeTemporaries } from "@polyvisor/sdk/store";
import { type Layout, shortName } from "./layout.js";
import type { GuestRecord } from "./status-file.js";

/** A guest that has a status file; without a record where that cannot be read. */
export interface KnownGuest {
  readonly name: string;
  readonly record: GuestRecord | undefined;
}

/**
 * Removes what a killed daemon had begun and no guest has: half-written files, and the folders and pid files of starts
 * and stops that were cut short. Called before anything is written. What fails is logged, and is tried again next time.
 */
export async function removeLeftovers(layout: Layout, guests: readonly KnownGuest[], log: Log): Promise<void> {
  const channels = dirname(layout.channelFolder(0, ""));
  const results = await Promise.allSettled([
    ...[layout.config, layout.autostart, layout.status, layout.capabilities].map(removeTemporaries),
    removeFrom(layout.status, (file) => file.endsWith(".pid") && !guests.some(({ name }) => file === `${name}.pid`)),
    removeFrom(layout.lib, (folder) => isStale(folder, guests)),
    removeFrom(channels, (folder) => isStale(folder, guests)),
  ]);
  for (const result of results) {
    if (result.status === "rejected") log.warn({ err: result.reason }, "what an interrupted start left stays");
  }
}

/** A guest whose status cannot be read may be in any folder that has its name. */
function isStale(folder: string, guests: readonly KnownGuest[]): boolean {
  const id = /^domain-(\d+)-/.exec(folder)?.[1];
  if (id === undefined) return false;
  return !guests.some(({ name, record }) =>
    record === undefined
      ? folder === `domain-${shortName(Number(id), name)}`
      : [record.folder, record.channelFolder].some((path) => basename(path) === folder),
  );
}

async function removeFrom(folder: string, isUnwanted: (name: string) => boolean): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  await Promise.all(names.filter(isUnwanted).map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
