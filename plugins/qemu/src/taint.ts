/** What may be done to a guest of which nobody can say what it does, in libvirt's words and order. */
export const TAINTS = {
  "custom-monitor": "custom monitor control commands issued",
  "custom-ga-command": "custom guest agent control commands issued",
} as const;

export type Taint = keyof typeof TAINTS;

/** `undefined` for words that are not known. */
export function taintOf(word: string | undefined): Taint | undefined {
  return word !== undefined && Object.hasOwn(TAINTS, word) ? (word as Taint) : undefined;
}
