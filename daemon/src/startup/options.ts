import { resolve } from "node:path";
import { cac } from "cac";

/** What the command line asks for. */
export interface Options {
  readonly config: string | undefined;
  readonly root: string | undefined;
  readonly asLibvirt: boolean;
}

/** A command line, read. `done` needs nothing more: help or version has been printed. */
export type Command =
  | { readonly kind: "run"; readonly options: Options }
  | { readonly kind: "plugins"; readonly options: Options }
  | { readonly kind: "set-password"; readonly user: string; readonly options: Options }
  | { readonly kind: "done" };

/** A command line that cannot be meant. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads `process.argv`. Throws a `UsageError`. */
export function readCommandLine(argv: readonly string[], version: string): Command {
  const cli = cac("polyvisord");
  cli
    .command("", "Serve libvirt's clients")
    .option("--config <file>", "Read the configuration from this file")
    .option("--root <dir>", "Keep everything below this folder, in libvirt's layout")
    .option("--as-libvirt", "Take the place of libvirtd: its paths, its configuration file")
    .option("--plugins", "Show the plugins and how each is, then exit")
    .option("--set-password <user>", "Let a user log in by SASL: read the password from standard input, then exit")
    .action(() => {});
  cli.help();
  cli.version(version);
  try {
    const { options } = cli.parse([...argv], { run: false });
    if (options.help === true || options.version === true) return { kind: "done" };
    if (cli.args.length > 0) throw new UsageError(`unexpected argument ${cli.args.join(" ")}`);
    cli.runMatchedCommand();
    const given: Options = {
      config: pathOf(options.config),
      root: pathOf(options.root),
      asLibvirt: options.asLibvirt === true,
    };
    if (options.setPassword !== undefined)
      return { kind: "set-password", user: String(options.setPassword), options: given };
    return { kind: options.plugins === true ? "plugins" : "run", options: given };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** A bare number on the command line reaches us as a number. */
function pathOf(value: unknown): string | undefined {
  return value === undefined ? undefined : resolve(String(value));
}
