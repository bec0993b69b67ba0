import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { StartError } from "../startup/start-error.js";
import { type Settings, settingsSchema } from "./schema.js";
import { parseConfigFile } from "./syntax.js";

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

/** The settings in a configuration file's text. */
export function settingsOf(path: string, text: string): Settings {
  const entries = parseConfigFile(text, path);
  const lines = new Map(entries.map(({ key, line }) => [key, line]));
  const result = settingsSchema.safeParse(Object.fromEntries(entries.map(({ key, value }) => [key, value])));
  if (result.success) return checked(path, result.data);
  throw new StartError(result.error.issues.map((issue) => wordsOf(path, lines, issue)).join("\n"));
}

function checked(path: string, settings: Settings): Settings {
  if (settings.max_clients < settings.max_anonymous_clients)
    throw new StartError(
      `${path}: max_clients (${settings.max_clients}) must not be less than max_anonymous_clients (${settings.max_anonymous_clients})`,
    );
  return settings;
}

function wordsOf(path: string, lines: ReadonlyMap<string, number>, issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys")
    return issue.keys
      .map(
        (key) =>
          `${path}:${lines.get(key)}: unknown setting ${key}; known are ${Object.keys(settingsSchema.shape).join(", ")}`,
      )
      .join("\n");
  const key = String(issue.path[0]);
  return `${path}:${lines.get(key)}: ${key}: ${issue.message}`;
}
