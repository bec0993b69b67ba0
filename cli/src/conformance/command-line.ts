import { CONNECTION_KITS } from "@polyvisor/sdk/conformance";
import { cac } from "cac";
import { UsageError } from "../errors.js";

/** What is to be judged, by which kit, and where the verdict goes. */
export interface Wish {
  readonly kit: (typeof CONNECTION_KITS)[number];
  readonly uri: string;
  /** Paths of files. */
  readonly profile: string | undefined;
  readonly known: string | undefined;
  readonly json: string | undefined;
  readonly markdown: string | undefined;
  /** Only cases whose names match. */
  readonly only: RegExp | undefined;
  readonly title: string | undefined;
}

/** Reads `process.argv`. `undefined` where help or the version was asked for and has been printed. Throws a `UsageError`. */
export function readWish(argv: readonly string[], version: string): Wish | undefined {
  let wish: Wish | undefined;
  const cli = cac("polyvisor-conformance");
  cli
    .command("<kit>", `Judges a driver by a kit: ${CONNECTION_KITS.map(({ name }) => name).join(", ")}`)
    .option("--uri <uri>", "What to judge, such as test:///default or qemu+unix:///system?socket=PATH")
    .option("--profile <file>", "What the driver claims; else it is asked")
    .option("--known <file>", "Deviations that are known and explained")
    .option("--json <file>", "Where the report goes as JSON")
    .option("--markdown <file>", "Where the report goes as Markdown")
    .option("--only <pattern>", "Only cases whose names match this regular expression")
    .option("--title <words>", "What the report calls the driver")
    .action((kit: string, options: Readonly<Record<string, unknown>>) => {
      wish = wishOf(kit, options);
    });
  cli.help();
  cli.version(version);
  try {
    cli.parse([...argv], { run: false });
    if (cli.options.help === true || cli.options.version === true) return undefined;
    if (cli.args.length === 0) throw new UsageError("which kit? polyvisor-conformance --help shows them");
    cli.runMatchedCommand();
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message);
  }
  return wish;
}

function wishOf(name: string, options: Readonly<Record<string, unknown>>): Wish {
  const kit = CONNECTION_KITS.find((each) => each.name === name);
  if (kit === undefined) throw new UsageError(`there is no kit ${name}`);
  const text = (option: string) => (typeof options[option] === "string" ? options[option] : undefined);
  const uri = text("uri");
  if (uri === undefined) throw new UsageError("--uri is missing");
  const only = text("only");
  return {
    kit,
    uri,
    profile: text("profile"),
    known: text("known"),
    json: text("json"),
    markdown: text("markdown"),
    only: only === undefined ? undefined : new RegExp(only),
    title: text("title"),
  };
}
