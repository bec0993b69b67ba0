import { parseInteger } from "../../xml/index.js";

const MOST = 0xffffffff;

/** A 32-bit number where libvirt takes `-1` for the largest one, undefined when `text` is none. */
export function parseWrappingUint32(text: string, base: 0 | 10 | 16 = 10): number | undefined {
  const value = parseInteger(text, { base, signed: true });
  if (value === undefined || Math.abs(value) > MOST) return undefined;
  return value < 0 ? value + MOST + 1 : value;
}
