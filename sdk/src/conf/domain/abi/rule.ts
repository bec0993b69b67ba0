import { VirtError } from "@polyvisor/core";

/** What a rule compares; absent is a value too. */
export type AbiValue = string | number | boolean | undefined;

/**
 * One thing that a guest would notice: `value` must be the same in source and target.
 *
 * `words` are libvirt's, each `%s` stands for a value: the target's first, then the source's (`sourceFirst`: the other way round).
 * `absent` is how libvirt calls a value that is not there.
 */
export interface AbiRule<T> {
  readonly words: string;
  value(of: T): AbiValue;
  readonly absent?: string;
  readonly sourceFirst?: boolean;
}

export function rule<T>(words: string, value: (of: T) => AbiValue, absent = "default"): AbiRule<T> {
  return { words, value, absent };
}

const HINT = "Keep what the guest sees as it is; change it where the guest is defined, for its next start.";

export function refuse(words: string): never {
  throw new VirtError("CONFIG_UNSUPPORTED", words, { domain: "DOMAIN", hint: HINT });
}

/** Throws the words of the first rule that the two do not keep. */
export function checkRules<T>(rules: readonly AbiRule<T>[], source: T, target: T): void {
  for (const { words, value, absent = "default", sourceFirst } of rules) {
    const was = value(source);
    const becomes = value(target);
    if (was === becomes) continue;
    const values = sourceFirst === true ? [was, becomes] : [becomes, was];
    refuse(words.replace(/%s/g, () => String(values.shift() ?? absent)));
  }
}

/** Compares two lists one by one, and first their lengths. */
export function checkLists<T>(
  words: string,
  source: readonly T[],
  target: readonly T[],
  check: (source: T, target: T) => void,
): void {
  checkRules([rule<readonly T[]>(words, (list) => list.length)], source, target);
  source.forEach((each, at) => {
    const other = target[at];
    if (other !== undefined) check(each, other);
  });
}

/** The same for what a guest has once or not at all. */
export function checkOptional<T>(
  words: string,
  source: T | undefined,
  target: T | undefined,
  check: (source: T, target: T) => void,
): void {
  checkLists(words, source === undefined ? [] : [source], target === undefined ? [] : [target], check);
}
