/** What a pattern of AppArmor gives a meaning to. */
const SPECIAL = /[*?[\]{}^,]/g;
/** What would end the quotes around one, or its line. */
const UNQUOTABLE = /["\p{Cc}]/gu;
/** A backslash that the parser's quotes leave a backslash, and its patterns then, too. */
const BACKSLASH = "\\134\\134";

/**
 * A path as a profile has it, in quotes: no character of it is a wildcard, a variable or the end of the rule, so that no name
 * of a file opens another one. `pattern` is appended as it is.
 */
export function quotePath(path: string, pattern = ""): string {
  return `"${escapePath(path)}${pattern}"`;
}

export function escapePath(path: string): string {
  return path
    .split("\\")
    .map((part) => part.replaceAll(SPECIAL, "\\$&").replaceAll(UNQUOTABLE, octal))
    .join(BACKSLASH);
}

/** Its bytes, of which those beyond ASCII are two. */
function octal(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
