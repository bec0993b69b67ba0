/** Writes the escape character, `"` and the line feed as `|22`: texts of a VMX file have no other way to hold them. */
export function escapePipe(text: string): string {
  return escapeHex(text, /[|"\n]/g, "|");
}

/** Writes `%`, `/` and `\` as `%2f`: names that the server makes file names of. */
export function escapePercent(text: string): string {
  return escapeHex(text, /[%/\\]/g, "%");
}

/** The text without such escapes; `undefined` where one is no good. */
export function unescapePipe(text: string): string | undefined {
  return unescapeHex(text, "|");
}

export function unescapePercent(text: string): string | undefined {
  return unescapeHex(text, "%");
}

function escapeHex(text: string, special: RegExp, sign: string): string {
  return text.replace(special, (char) => sign + char.charCodeAt(0).toString(16).padStart(2, "0"));
}

function unescapeHex(text: string, sign: string): string | undefined {
  if (!text.includes(sign)) return text;
  const [first = "", ...parts] = text.split(sign);
  const bytes: Buffer[] = [Buffer.from(first)];
  for (const part of parts) {
    if (!/^[0-9a-fA-F]{2}/.test(part)) return undefined;
    bytes.push(Buffer.from([Number.parseInt(part.slice(0, 2), 16)]), Buffer.from(part.slice(2)));
  }
  return Buffer.concat(bytes).toString();
}
