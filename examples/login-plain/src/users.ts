import { createHash, timingSafeEqual } from "node:crypto";

/** The SHA-256 of `NAME:PASSWORD`, in hexadecimal digits. */
export function hashOf(name: string, password: string): string {
  return createHash("sha256").update(`${name}:${password}`).digest("hex");
}

/** Hashes by name, out of words such as `fred:9f86d0...`. */
export function userTable(users: readonly string[]): ReadonlyMap<string, string> {
  return new Map(users.map((words) => words.split(":") as [string, string]));
}

/** Whether a user has this hash; it takes as long whether it has, has another, or is not known. */
export function isSame(wanted: string | undefined, given: string): boolean {
  const known = Buffer.from(wanted ?? "0".repeat(given.length));
  return timingSafeEqual(known, Buffer.from(given)) && wanted !== undefined;
}
