import { readFile } from "node:fs/promises";
import { type ConfigSetting, isSetting, parseConfigFile } from "@polyvisor/sdk/conf/config-file";
import type { z } from "zod/v3";
import { SettingError, StartError } from "../startup/start-error.js";
import { type Settings, settingsSchema } from "./schema.js";

/**
 * Reads and checks the configuration file. A file that is not there is fine where nobody asked for it by name: everything
 * has a default. Throws a `StartError` with file, line and what is allowed.
 */
export async function loadSettings(path: string, required: boolean): Promise<Settings> {
  let text = "";
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (required || code !== "ENOENT") throw new StartError(`the configuration cannot be read: ${message}`);
  }
  return settingsOf(path, text);
}

/** What was thrown while settings were used; of a setting that is a bad one with its place in the file that it came from. */
export async function inPlace(error: unknown, path: string): Promise<unknown> {
  if (!(error instanceof SettingError)) return error;
  const { key, message, hint } = error;
  const line = await lineOf(key, path).catch(() => undefined);
  return new StartError(`${line === undefined ? "" : `${path}:${line}: `}${key}: ${message}`, hint);
}

/** `undefined` where the file says nothing of it, and its default is at fault. */
async function lineOf(wanted: string, path: string): Promise<number | undefined> {
  const entries = parseConfigFile(await readFile(path, "utf8"), path).filter(isSetting);
  return entries.find(({ key }) => key === wanted)?.line;
}

/** The settings in a configuration file's text. */
export function settingsOf(path: string, text: string): Settings {
  const entries = parseConfigFile(text, path).filter(isSetting);
  const lines = linesOf(path, entries);
  const result = settingsSchema.safeParse(Object.fromEntries(entries.map(({ key, value }) => [key, value])));
  if (result.success) return checked(path, lines, result.data);
  const { issues } = result.error;
  throw new StartError(
    issues.flatMap((issue) => wordsOf(path, lines, issue)).join("\n"),
    issues.some(({ code }) => code === "unrecognized_keys")
      ? `the settings are ${Object.keys(settingsSchema.shape).join(", ")}`
      : undefined,
  );
}

/** Where each setting stands. Which of two was meant, only their author knows. */
function linesOf(path: string, entries: readonly ConfigSetting[]): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  for (const { key, line } of entries) {
    const before = lines.get(key);
    if (before !== undefined) throw new StartError(`${path}:${line}: ${key} is already set in line ${before}`);
    lines.set(key, line);
  }
  return lines;
}

function checked(path: string, lines: ReadonlyMap<string, number>, settings: Settings): Settings {
  const line = lines.get("max_clients") ?? lines.get("max_anonymous_clients");
  if (settings.max_clients < settings.max_anonymous_clients)
    throw new StartError(
      `${path}:${line}: max_clients (${settings.max_clients}) must not be less than max_anonymous_clients (${settings.max_anonymous_clients})`,
    );
  return settings;
}

function wordsOf(path: string, lines: ReadonlyMap<string, number>, issue: z.ZodIssue): string[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => `${path}:${lines.get(key)}: unknown setting ${key}`);
  const key = String(issue.path[0]);
  return [`${path}:${lines.get(key)}: ${key}: ${issue.message}`];
}
