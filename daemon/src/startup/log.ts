import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Log } from "@polyvisor/core";
import { type DestinationStream, type Level, pino } from "pino";

/** libvirt counts from 1 (debug) to 4 (errors). */
const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];

/** The daemon's log. `outputs` are as in `log_outputs`; without any it goes to stderr. */
export async function openLog(level: number, outputs: string | undefined): Promise<Log> {
  const wanted = outputs === undefined ? [{ level: levelOf(level), path: undefined }] : outputsOf(outputs);
  const streams: { level: Level; stream: DestinationStream }[] = [];
  for (const { level, path } of wanted) {
    if (path !== undefined) await mkdir(dirname(path), { recursive: true });
    streams.push({ level, stream: pino.destination({ dest: path ?? 2, sync: path === undefined }) });
  }
  const lowest = Math.min(...streams.map((stream) => LEVELS.indexOf(stream.level)), level - 1);
  const log: Log = pino({ level: LEVELS[lowest] as Level, base: null }, pino.multistream(streams));
  return log;
}

function outputsOf(outputs: string): { level: Level; path: string | undefined }[] {
  return outputs.split(/\s+/).map((output) => {
    const [level, , path] = output.split(":");
    return { level: levelOf(Number(level)), path };
  });
}

function levelOf(level: number): Level {
  return LEVELS[level - 1] ?? "warn";
}
