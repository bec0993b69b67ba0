/** A lease that a process holds, as sanlock tells it. */
export interface HeldLease {
  readonly lockspace: string;
  readonly name: string;
  /** How often it has changed hands; a shared one has no version. */
  readonly version: bigint | undefined;
  /** As sanlock wrote it. */
  readonly text: string;
}

/**
 * Reads what sanlock says of a process's leases: `LOCKSPACE:NAME:PATH:OFFSET:VERSION`, apart by blanks, with `SH` for the
 * version of a shared one. Blanks and colons of a path are behind a backslash. What is no lease is left out.
 */
export function parseState(state: string): HeldLease[] {
  return splitUnescaped(state.replace(/\0.*$/s, ""), " ").flatMap((text) => {
    const [lockspace = "", name, ...rest] = splitUnescaped(text, ":");
    const version = rest.length >= 3 ? rest.at(-1) : undefined;
    if (name === undefined || version === undefined || rest.length % 2 === 0) return [];
    return [{ lockspace, name, version: /^\d+$/.test(version) ? BigInt(version) : undefined, text }];
  });
}

export function formatState(leases: readonly HeldLease[]): string | null {
  return leases.length === 0 ? null : leases.map(({ text }) => text).join(" ");
}

function splitUnescaped(text: string, separator: string): string[] {
  const parts = [""];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? "";
    if (letter === separator) parts.push("");
    else parts[parts.length - 1] += letter === "\\" ? letter + (text[++at] ?? "") : letter;
  }
  return parts.filter((part) => part !== "" || separator === ":");
}
