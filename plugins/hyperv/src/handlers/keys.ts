import { hypervError } from "../errors.js";

/** Codesets of `virsh send-key`. */
const CODESET = { LINUX: 0, WIN32: 8 } as const;

/** Runs of Windows' virtual keys, each from the number that Linux has for its first key. 0 is none. */
const RUNS: readonly (readonly [first: number, keys: readonly number[]])[] = [
  // Esc, digits, -, =, Backspace, Tab
  [1, [0x1b, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30, 0xbd, 0xbb, 0x08, 0x09]],
  // Q to P, brackets, Enter, left Ctrl
  [16, [..."QWERTYUIOP"].map(codeOf).concat(0xdb, 0xdd, 0x0d, 0xa2)],
  // A to L, ;, ', `, left Shift, backslash
  [30, [..."ASDFGHJKL"].map(codeOf).concat(0xba, 0xde, 0xc0, 0xa0, 0xdc)],
  // Z to M, comma, dot, slash, right Shift, *, left Alt, space, Caps Lock
  [44, [..."ZXCVBNM"].map(codeOf).concat(0xbc, 0xbe, 0xbf, 0xa1, 0x6a, 0xa4, 0x20, 0x14)],
  // F1 to F10, Num Lock, Scroll Lock
  [59, [0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x90, 0x91]],
  // the keypad: 7 8 9 - 4 5 6 + 1 2 3 0 .
  [71, [0x67, 0x68, 0x69, 0x6d, 0x64, 0x65, 0x66, 0x6b, 0x61, 0x62, 0x63, 0x60, 0x6e]],
  // <> key, F11, F12
  [86, [0xe2, 0x7a, 0x7b]],
  // Enter and / of the keypad around right Ctrl, Print, right Alt
  [96, [0x0d, 0xa3, 0x6f, 0x2c, 0xa5]],
  // Home, Up, Page Up, Left, Right, End, Down, Page Down, Insert, Delete
  [102, [0x24, 0x26, 0x21, 0x25, 0x27, 0x23, 0x28, 0x22, 0x2d, 0x2e]],
  // mute, quieter, louder
  [113, [0xad, 0xae, 0xaf]],
  // Pause
  [119, [0x13]],
  // left and right Windows, Menu
  [125, [0x5b, 0x5c, 0x5d]],
];

const FROM_LINUX: ReadonlyMap<number, number> = new Map(
  RUNS.flatMap(([first, keys]) => keys.map((key, index) => [first + index, key] as const)),
);

function codeOf(letter: string): number {
  return letter.charCodeAt(0);
}

/** The numbers that Windows has for keys. Fails with `INVALID_ARG` for those that it has none for. */
export function virtualKeys(codeset: number, keycodes: readonly number[]): readonly number[] {
  return keycodes.map((keycode) => {
    const key = codeset === CODESET.WIN32 ? keycode : codeset === CODESET.LINUX ? FROM_LINUX.get(keycode) : undefined;
    if (key !== undefined && key > 0 && key < 256) return key;
    const detail = `cannot translate keycode ${keycode} of codeset ${codeset} to win32 keycode`;
    throw hypervError("INVALID_ARG", detail, "the codesets linux and win32 are known");
  });
}
