import { readFile } from "node:fs/promises";
import { parseRecording, type Recording, type ReplayReport, replay } from "@polyvisor/sdk/recording";
import { connectTo } from "@polyvisor/sdk/rpc";
import type { Command, OptionValues, Session } from "../command.js";
import { UsageError } from "../errors.js";
import { daemonBehind } from "../recording/daemon.js";

/** How long an answer, and an event, is waited for: far longer than a machine under load takes. */
const ANSWER_S = 60;
const EVENT_S = 30;

/** Exits with 1 where an answer differs. */
export const replayCommand: Command = {
  usage: "replay <file>",
  description: "Make the calls of a recording again, and tell where the answers differ",
  options: [
    ["--ignore <names>", "Calls and events that may be answered in any way, with commas between"],
    ["--answer-within <seconds>", `How long an answer may take (default: ${ANSWER_S})`],
    ["--event-within <seconds>", `How long an event may take (default: ${EVENT_S})`],
  ],
  async run(session, [file = ""], options) {
    const recording = await read(file);
    const { socket, name } = await daemonBehind(session.uri, session.readOnly);
    const report = await replay(recording, {
      connect: () => connectTo({ kind: "unix", path: socket }),
      uri: name,
      ignored: new Set(typeof options.ignore === "string" ? options.ignore.split(",") : []),
      answerMs: 1000 * secondsIn(options, "answerWithin", ANSWER_S),
      eventMs: 1000 * secondsIn(options, "eventWithin", EVENT_S),
    });
    tell(session, report);
    if (report.differences.length > 0) process.exitCode = 1;
  },
};

async function read(file: string): Promise<Recording> {
  try {
    return parseRecording(await readFile(file, "utf8"));
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}

function secondsIn(options: OptionValues, name: string, usual: number): number {
  const seconds = Number(options[name] ?? usual);
  if (!(seconds > 0 && seconds <= 86_400)) throw new UsageError(`${options[name]} is no time in seconds`);
  return seconds;
}

function tell({ print }: Session, { calls, events, differences, leftOut }: ReplayReport): void {
  for (const { line, call, why } of leftOut) print(`line ${line}: ${call} was left out: ${why}`);
  for (const { line, says } of differences) print(line === 0 ? says : `line ${line}: ${says}`);
  const verdict = differences.length === 0 ? "no differences" : `${differences.length} differences`;
  print(`${calls} calls and ${events} events: ${verdict}`);
}
