import { dirname } from "node:path";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { makeFolders } from "@polyvisor/sdk/store";
import { UsersFile } from "../auth/sasl/users.js";
import { verifierOf } from "../auth/sasl/verifier.js";
import { loadSettings } from "../config/load.js";
import { usersPath } from "./doors.js";
import { locationsOf } from "./locations.js";
import type { Options } from "./options.js";
import { StartError } from "./start-error.js";

/** Carries out `--set-password`: what it says when it is done. Throws a `StartError`. */
export async function setPassword(options: Options, user: string): Promise<string> {
  const locations = locationsOf(options, process.getuid?.() === 0 ? "system" : "session");
  const settings = await loadSettings(locations.configFile, options.config !== undefined);
  const users = new UsersFile(usersPath(locations, settings));
  const password = await readPassword(user);
  if (password === "") throw new StartError("an empty password is none");
  await makeFolders(dirname(users.path));
  await users.set(user, await verifierOf(password));
  return `${user} may log in by SASL (${users.path})`;
}

/** The first line of standard input; on a terminal it is asked for, and does not show. */
async function readPassword(user: string): Promise<string> {
  const isTerminal = process.stdin.isTTY === true;
  if (isTerminal) process.stderr.write(`Password for ${user}: `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: isTerminal });
  try {
    for await (const line of lines) return line;
    return "";
  } finally {
    lines.close();
    if (isTerminal) process.stderr.write("\n");
  }
}
