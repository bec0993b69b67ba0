import type { Connection } from "@polyvisor/core";

/** Values of a command's options by their names in camel case: text where the option takes some, else `true`. */
export type OptionValues = Readonly<Record<string, string | true | undefined>>;

/** What a command works with. */
export interface Session {
  /** What the command line means to manage. */
  readonly uri: string;
  readonly readOnly: boolean;
  /** Opens the URI of the command line at the first use; a command that needs no daemon never asks. */
  connection(): Promise<Connection>;
  /** Prints a line to standard output. */
  print(line: string): void;
}

/** One command of the command line, as data. */
export interface Command {
  /** Its name and arguments in cac's spelling, such as `start <name>`. */
  readonly usage: string;
  readonly description: string;
  readonly options?: readonly (readonly [flags: string, description: string])[];
  run(session: Session, args: readonly string[], options: OptionValues): Promise<void>;
}
