import { setTimeout as delay } from "node:timers/promises";
import { duplicate } from "@polyvisor/sdk/process";
import { isObject, type Json, type JsonObject, objectOf, textOf } from "../capabilities/json.js";
import { jsonText, type Props } from "../command-line/props.js";
import { qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import { QmpError, unlessRefused } from "../monitor/index.js";
import type { Command } from "./monitor-args.js";

/** How long the emulator may take to carry out one command, in milliseconds: it opens files, perhaps far away. */
const DEADLINE = 30_000;

/**
 * Carries out commands in order. Where one fails, those before it are undone, and the error is the first one's. Resolves
 * with the answers.
 */
export async function executeAll(guest: Guest, commands: readonly Command[]): Promise<readonly Json[]> {
  const answers: Json[] = [];
  for (const command of commands) {
    try {
      answers.push(await execute(guest, command));
    } catch (error) {
      await undoAll(guest, commands.slice(0, answers.length).toReversed());
      throw error;
    }
  }
  return answers;
}

async function execute(guest: Guest, { name, args, fd }: Command): Promise<Json> {
  if (fd !== undefined) {
    // The copy that is sent along is ours to close, whatever becomes of the one that was opened.
    const copy = duplicate(fd);
    try {
      await guest.passDescriptor(copy);
    } finally {
      copy.close();
    }
  }
  return ask(guest, name, args);
}

/** What is refused is not there any more, or never was. */
export async function undoAll(guest: Guest, commands: readonly Command[]): Promise<void> {
  for (const { undo } of commands) {
    if (undo !== undefined) await unlessRefused(ask(guest, undo.name, undo.args)).catch(() => {});
  }
}

/**
 * Takes away what a device stood on. A part that is gone already does no harm; `strict`: any other refusal is an error, else
 * it is told to `kept`.
 */
export async function removeAll(
  guest: Guest,
  commands: readonly Command[],
  { strict, kept }: { readonly strict: boolean; readonly kept: (error: unknown) => void },
): Promise<void> {
  const deadline = Date.now() + IN_USE;
  for (const { undo } of commands) {
    if (undo === undefined) continue;
    try {
      await remove(guest, undo, deadline);
    } catch (error) {
      if (!(error instanceof QmpError)) throw error;
      if (isGone(error)) continue;
      if (strict) throw error;
      kept(error);
    }
  }
}

/** How long a device's parts may be in use after it is gone, and how often is looked, in milliseconds. */
const IN_USE = 10_000;
const BETWEEN = 50;

/** A device that is gone from the emulator's tree may still hold its images for a moment. */
async function remove(guest: Guest, { name, args }: NonNullable<Command["undo"]>, deadline: number): Promise<void> {
  for (;;) {
    try {
      await ask(guest, name, args);
      return;
    } catch (error) {
      const isUsed = error instanceof QmpError && /\bin use\b/.test(error.description);
      if (!isUsed || Date.now() > deadline) throw error;
      await delay(BETWEEN);
    }
  }
}

function isGone({ qmpClass, description }: QmpError): boolean {
  return qmpClass === "DeviceNotFound" || /not found|Failed to find|does not exist/i.test(description);
}

/** A number of 64 bits is more than a JSON number of ours holds: such a command is written out. */
async function ask(guest: Guest, name: string, args: Props): Promise<Json> {
  if (!hasBigint(args)) return guest.qmp(name, Object.keys(args).length === 0 ? undefined : plain(args), DEADLINE);
  const answer: Json = JSON.parse(
    await guest.converse(`{"execute":"${name}","arguments":${jsonText(args)}}`, DEADLINE),
  );
  const error = isObject(answer) ? objectOf(answer, "error") : undefined;
  if (error !== undefined)
    throw new QmpError(name, textOf(error, "class") ?? "GenericError", textOf(error, "desc") ?? "unknown error");
  if (!isObject(answer)) throw qemuError("INTERNAL_ERROR", `QEMU's answer to '${name}' makes no sense`);
  return answer.return ?? {};
}

function hasBigint(props: Props): boolean {
  return Object.values(props).some((value) => typeof value === "bigint");
}

function plain(props: Props): JsonObject {
  return JSON.parse(jsonText(props)) as JsonObject;
}
