import { vboxError } from "../errors.js";

const CODESET = { LINUX: 0, XT: 1 } as const;

/** Keys of Linux whose scancode has a prefix; up to 88 its numbers are those of the scancodes. */
const EXTENDED: ReadonlyMap<number, number> = new Map([
  [96, 0x1c],
  [97, 0x1d],
  [98, 0x35],
  [99, 0x37],
  [100, 0x38],
  [102, 0x47],
  [103, 0x48],
  [104, 0x49],
  [105, 0x4b],
  [106, 0x4d],
  [107, 0x4f],
  [108, 0x50],
  [109, 0x51],
  [110, 0x52],
  [111, 0x53],
  [125, 0x5b],
  [126, 0x5c],
  [127, 0x5d],
]);
const LAST_PLAIN = 88;
const PREFIX = 0xe0;
const RELEASED = 0x80;

/**
 * The scancodes, as two hexadecimal digits each, that press keys one after the other and let them go in the same order.
 * Fails with `INVALID_ARG` for keys that a PC's keyboard does not have.
 */
export function scancodesOf(
  codeset: number,
  keycodes: readonly number[],
): { readonly pressed: string[]; readonly released: string[] } {
  const codes = keycodes.map((keycode) => bytesOf(codeset, keycode));
  const words = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(16).padStart(2, "0"));
  return {
    pressed: codes.flatMap(words),
    released: codes.flatMap((bytes) => words([...bytes.slice(0, -1), (bytes.at(-1) ?? 0) | RELEASED])),
  };
}

function bytesOf(codeset: number, keycode: number): number[] {
  if (codeset === CODESET.XT && keycode > 0 && keycode < RELEASED) return [keycode];
  if (codeset === CODESET.LINUX && keycode > 0 && keycode <= LAST_PLAIN) return [keycode];
  const extended = codeset === CODESET.LINUX ? EXTENDED.get(keycode) : undefined;
  if (extended !== undefined) return [PREFIX, extended];
  throw vboxError("INVALID_ARG", `cannot translate keycode ${keycode} of codeset ${codeset} to xt keycode`, {
    hint: "the codesets linux and xt are known",
  });
}
