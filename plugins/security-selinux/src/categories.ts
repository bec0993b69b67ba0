import { VirtError } from "@polyvisor/core";

/** Of which categories those of guests are chosen, and at which sensitivity. Both ends belong to it. */
export interface CategoryRange {
  readonly sensitivity: string;
  readonly first: number;
  readonly last: number;
}

/** Picks one of `0` to `count - 1`. */
export type Pick = (count: number) => number;

/** How many categories there must be, so that guests find pairs of their own. */
const FEWEST = 8;
const ALL = { first: 0, last: 1023 } as const;

/**
 * What the manager's own process may give away, by the range of its context: the lower sensitivity, and the one run of
 * categories behind it. A process without categories is taken to have all: that is what a permissive host looks like where
 * nobody has given the manager a type of its own.
 */
export function rangeOfProcess(range: string | undefined): CategoryRange {
  const [levels = "s0", categories] = splitOnce(range ?? "s0", ":");
  const [sensitivity = "s0"] = levels.split("-");
  if (categories === undefined) return { sensitivity, ...ALL };
  // Of several runs the first.
  const [, first, last] = /^c(\d+)(?:\.c(\d+))?(?=[,-]|$)/.exec(categories) ?? [];
  if (first === undefined) throw useless(`Cannot parse category in ${categories}`);
  if (last === undefined) throw useless("No category range available");
  return { sensitivity, first: Number(first), last: Number(last) };
}

/**
 * A pair of two different categories that is not among `taken`. One alone would not do: a process may open whatever has a
 * part of its categories.
 */
export function pickLevel(range: CategoryRange, taken: ReadonlySet<string>, pick: Pick): string {
  const count = range.last - range.first + 1;
  if (count < FEWEST) throw useless(`Category range c${range.first}-c${range.last} too small`);
  const pairs = (count * (count - 1)) / 2;
  // Of so many that are free the first few tries find one; else all are looked at.
  for (let tries = 0; tries < 64; tries++) {
    const level = levelOf(range, pairAt(pick(pairs)));
    if (!taken.has(level)) return level;
  }
  const start = pick(pairs);
  for (let step = 0; step < pairs; step++) {
    const level = levelOf(range, pairAt((start + step) % pairs));
    if (!taken.has(level)) return level;
  }
  throw new VirtError("OPERATION_FAILED", "every pair of categories belongs to a guest", {
    domain: "SECURITY",
    hint: "give the manager a wider range of categories",
  });
}

/** The pairs in a row: (0,1), (0,2), (1,2), (0,3) and so on. */
function pairAt(index: number): readonly [number, number] {
  const guess = Math.floor((1 + Math.sqrt(1 + 8 * index)) / 2);
  const high = (guess * (guess - 1)) / 2 > index ? guess - 1 : guess;
  return [index - (high * (high - 1)) / 2, high];
}

function levelOf({ sensitivity, first }: CategoryRange, [low, high]: readonly [number, number]): string {
  return `${sensitivity}:c${first + low},c${first + high}`;
}

function splitOnce(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function useless(message: string): VirtError {
  return new VirtError("INTERNAL_ERROR", message, {
    domain: "SECURITY",
    hint: "the context that the manager runs under must have a range of categories, such as s0-s0:c0.c1023",
  });
}
