import { bhyveError } from "../errors.js";

/** One option of a command line; the text after the letter in its own word does not count. */
export interface Option {
  readonly letter: string;
  readonly value?: string | undefined;
}

export interface OptionList {
  readonly options: readonly Option[];
  /** The guest, which comes last. */
  readonly name: string;
}

/** Reads `-a -b VALUE NAME`. `valued`: the letters of options that take a value. */
export function readOptions(args: readonly string[], valued: string): OptionList {
  const options: Option[] = [];
  const name = args.at(-1);
  const last = args.length - 1;
  let at = 0;
  while (at < last && args[at]?.startsWith("-")) {
    const word = args[at] ?? "";
    const letter = word.slice(1, 2);
    const takesValue = letter !== "" && valued.includes(letter);
    if (takesValue && at + 1 === last)
      throw bhyveError("INVALID_ARG", `Missing argument for '${word}'`, "the guest's name comes last");
    options.push({ letter, value: takesValue ? args[at + 1] : undefined });
    at += takesValue ? 2 : 1;
  }
  if (name === undefined || at !== last)
    throw bhyveError(
      "OPERATION_FAILED",
      "Failed to parse arguments for bhyve command",
      "after the options there is one word: the guest's name",
    );
  return { options, name };
}
