import { closeSync, openSync, readSync } from "node:fs";
import { basename, join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { quickLook } from "./quick-look.js";
import type { ScanOrder, ScanResult } from "./scan.js";

/** Comment, name and UUID of nearly every definition are in its first part. */
const LOOK = 1024;

/** Runs in a thread of its own: see `scanDefinitions`. */
function scan({ folder, files }: ScanOrder): ScanResult {
  const seen: string[] = [];
  const unclear: string[] = [];
  const buffer = Buffer.alloc(LOOK);
  for (const file of files) {
    const look = quickLook(beginning(join(folder, file), buffer));
    if (look !== undefined && look.name === basename(file, ".xml")) seen.push(look.name, look.uuid);
    else unclear.push(file);
  }
  return { seen, unclear };
}

function beginning(path: string, buffer: Buffer): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    return buffer.toString("utf8", 0, readSync(file, buffer, 0, LOOK, 0));
  } catch {
    return "";
  } finally {
    closeSync(file);
  }
}

parentPort?.postMessage(scan(workerData as ScanOrder));
