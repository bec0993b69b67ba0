import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessIdentity } from "@polyvisor/sdk/process";
import { replaceFile } from "@polyvisor/sdk/store";
import type { PreparedNetwork } from "../network/networks.js";
import { FILES } from "./place.js";

/**
 * What is there of a container, written before each part of it comes into being: a daemon that is killed in the middle of a
 * start leaves what the next one removes.
 */
export interface ContainerRecord {
  readonly xml: string;
  readonly network?: PreparedNetwork;
  readonly shim?: ProcessIdentity;
  readonly cgroupPath?: string;
}

interface Kept extends Omit<ContainerRecord, "shim"> {
  readonly shim?: { readonly pid: number; readonly startTime: string; readonly bootId: string };
}

export async function writeRecord(folder: string, record: ContainerRecord): Promise<void> {
  const { shim, ...others } = record;
  const kept: Kept = { ...others, ...(shim === undefined ? {} : { shim: keptIdentity(shim) }) };
  await replaceFile(join(folder, FILES.record), `${JSON.stringify(kept)}\n`);
}

export async function readRecord(folder: string): Promise<ContainerRecord | undefined> {
  try {
    const { shim, ...others } = JSON.parse(await readFile(join(folder, FILES.record), "utf8")) as Kept;
    return { ...others, ...(shim === undefined ? {} : { shim: identityOf(shim) }) };
  } catch {
    return undefined;
  }
}

/** JSON has no numbers of that size. */
export function keptIdentity({ pid, startTime, bootId }: ProcessIdentity) {
  return { pid, startTime: String(startTime), bootId };
}

export function identityOf({ pid, startTime, bootId }: NonNullable<Kept["shim"]>): ProcessIdentity {
  return { pid, startTime: BigInt(startTime), bootId };
}
