import { open, readFile, rename, stat } from "node:fs/promises";
import { SettingError, StartError } from "../../startup/start-error.js";
import { formatVerifier, parseVerifier, type Verifier } from "./verifier.js";

/** Others than the owner and the group of the file of users may not know what is in it. */
const OTHERS = 0o007;

/**
 * The file of those who may log in by SASL: a line `NAME:VERIFIER` for each, and comments that begin with `#`. It is read
 * at each login, so a user who is removed is kept out from then on.
 */
export class UsersFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Called at the start. Throws a `StartError` where nobody could log in, or where all the world could read the file. */
  async check(): Promise<void> {
    try {
      const { mode } = await stat(this.path);
      if ((mode & OTHERS) !== 0)
        throw new SettingError(
          "sasl_users_file",
          `everybody may open the file of users ${this.path}`,
          `chmod 600 ${this.path}`,
        );
      parseUsers(this.path, await readFile(this.path, "utf8"));
    } catch (error) {
      if (error instanceof StartError) throw error;
      throw new SettingError(
        "sasl_users_file",
        `the users cannot be read: ${(error as Error).message}`,
        "polyvisord --set-password NAME makes the file and adds a user",
      );
    }
  }

  /** `undefined` where there is no such user. */
  async find(name: string): Promise<Verifier | undefined> {
    return parseUsers(this.path, await readFile(this.path, "utf8")).get(name);
  }

  /** Adds a user, or gives one another password. Comments and other users stay as they are. */
  async set(name: string, verifier: Verifier): Promise<void> {
    if (!/^[^:#\s\p{Cc}][^:\p{Cc}]*$/u.test(name))
      throw new StartError(`${JSON.stringify(name)} cannot be the name of a user`, "names have no colon in them");
    const text = await readFile(this.path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    const others = text.split("\n").filter((line) => line !== "" && !line.startsWith(`${name}:`));
    await replaceFile(this.path, `${[...others, `${name}:${formatVerifier(verifier)}`].join("\n")}\n`);
  }
}

/** Users by name. Throws a `StartError` that names the line, never what is in it. */
export function parseUsers(path: string, text: string): ReadonlyMap<string, Verifier> {
  const users = new Map<string, Verifier>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const [name, verifier] = [line.slice(0, colon), parseVerifier(line.slice(colon + 1))];
    if (colon < 1 || verifier === undefined)
      throw new StartError(
        `${path}:${index + 1}: this is no user`,
        "a line is NAME:SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY; polyvisord --set-password NAME writes it",
      );
    if (users.has(name)) throw new StartError(`${path}:${index + 1}: the user ${name} is there twice`);
    users.set(name, verifier);
  }
  return users;
}

async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.new`;
  const file = await open(next, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
}
