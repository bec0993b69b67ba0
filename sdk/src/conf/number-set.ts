import { VirtError } from "@polyvisor/core";
import type { NumberSet } from "./domain/model/common.js";

/** The most numbers that a set may name, as in libvirt. */
const LIMIT = 16384;

/** Reads libvirt's lists of CPUs and nodes, such as `0-3,^2,8`. Throws `INVALID_ARG` in libvirt's words. */
export function parseNumberSet(text: string): NumberSet {
  let end = 0;
  const isSet = eachRange(text, (first, last, excluded) => {
    for (let each = first; each <= last; each++) NAMED[each] = excluded ? 0 : 1;
    if (last >= end) end = last + 1;
  });
  const set: number[] = [];
  for (let each = 0; each < end; each++) {
    if (NAMED[each] === 1) set.push(each);
  }
  NAMED.fill(0, 0, end);
  if (isSet) return set;
  throw new VirtError("INVALID_ARG", `Failed to parse bitmap '${text}'`, {
    hint: "Write numbers and ranges with commas, such as 0-3,^2,8.",
  });
}

/** Which numbers the set names that is being read; all zero between two sets. */
const NAMED = new Uint8Array(LIMIT);
const TAB = 9;
const RETURN = 13;
const SPACE = 32;
const COMMA = 44;
const DASH = 45;
const ZERO = 48;
const NINE = 57;
const CARET = 94;

/**
 * Calls `visit` for each number and range of a list, as far as it is one; returns whether all of it is. A megabyte holds
 * half a million of them: a regular expression for each would take too long.
 */
export function eachRange(text: string, visit: (first: number, last: number, excluded: boolean) => void): boolean {
  let at = afterBlanks(text, 0);
  do {
    const excluded = text.charCodeAt(at) === CARET;
    if (excluded) at++;
    let end = afterDigits(text, at);
    if (end === at) return false;
    const first = numberIn(text, at, end);
    let last = first;
    at = afterBlanks(text, end);
    if (!excluded && at < text.length && text.charCodeAt(at) === DASH) {
      at = afterBlanks(text, at + 1);
      end = afterDigits(text, at);
      if (end === at) return false;
      last = numberIn(text, at, end);
      at = afterBlanks(text, end);
    }
    if (last < first || last >= LIMIT) return false;
    visit(first, last, excluded);
    if (at === text.length) return true;
    if (text.charCodeAt(at) !== COMMA) return false;
    at = afterBlanks(text, at + 1);
  } while (at < text.length);
  return true;
}

function afterBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (unit !== SPACE && !(unit >= TAB && unit <= RETURN)) break;
    at++;
  }
  return at;
}

function afterDigits(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (unit < ZERO || unit > NINE) break;
    at++;
  }
  return at;
}

function numberIn(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) number = number * 10 + text.charCodeAt(at) - ZERO;
  return number;
}

/** Prints a set with ranges, such as `0-1,3,8`. */
export function formatNumberSet(set: NumberSet): string {
  const parts: string[] = [];
  for (let at = 0; at < set.length; at++) {
    const first = set[at] ?? 0;
    let last = first;
    while (set[at + 1] === last + 1) {
      last++;
      at++;
    }
    parts.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return parts.join(",");
}
