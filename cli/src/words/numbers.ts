/** The word for a number of the API, where the number is known. */
export function wordFor(words: readonly string[], number: number): string {
  return words[number] ?? `unknown (${number})`;
}

/** By the members of `DOMAIN_STATE`, in virsh's words. */
export const STATE_WORDS = [
  "no state",
  "running",
  "idle",
  "paused",
  "in shutdown",
  "shut off",
  "crashed",
  "pmsuspended",
] as const;
