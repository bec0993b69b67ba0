import { resolve } from "node:path";
import { CONNECTION_KITS, SERVICE_KITS, type ServiceName } from "@polyvisor/sdk/conformance";
import { cac } from "cac";
import { UsageError } from "../errors.js";

/** What is to be judged, and by which kit: what a URI leads to, of a plugin in a folder or of any other, or a plugin alone. */
export type Target =
  | { readonly kit: (typeof CONNECTION_KITS)[number]; readonly uri: string; readonly plugin: string | undefined }
  | { readonly service: ServiceName; readonly plugin: string };

/** What is to be judged, and where the verdict goes. */
export interface Wish {
  readonly target: Target;
  /** Paths of files. */
  readonly profile: string | undefined;
  readonly known: string | undefined;
  readonly json: string | undefined;
  readonly markdown: string | undefined;
  /** Only cases whose names match. */
  readonly only: RegExp | undefined;
  readonly title: string | undefined;
}

const SERVICES = Object.keys(SERVICE_KITS);

/** Reads `process.argv`. `undefined` where help or the version was asked for and has been printed. Throws a `UsageError`. */
export function readWish(argv: readonly string[], version: string): Wish | undefined {
  let wish: Wish | undefined;
  const cli = cac("polyvisor-conformance");
  cli
    .command(
      "<kit>",
      `Judges a driver by a kit: ${[...CONNECTION_KITS.map(({ name }) => name), ...SERVICES].join(", ")}`,
    )
    .option("--uri <uri>", "What to judge, such as test:///default or qemu+unix:///system?socket=PATH")
    .option("--plugin <folder>", `The plugin to judge; ${SERVICES.join(", ")} need one and no URI`)
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
  const text = (option: string) => (typeof options[option] === "string" ? options[option] : undefined);
  const only = text("only");
  return {
    target: targetOf(name, text("uri"), text("plugin")),
    profile: text("profile"),
    known: text("known"),
    json: text("json"),
    markdown: text("markdown"),
    only: only === undefined ? undefined : new RegExp(only),
    title: text("title"),
  };
}

function targetOf(name: string, uri: string | undefined, folder: string | undefined): Target {
  const plugin = folder === undefined ? undefined : resolve(folder);
  const kit = CONNECTION_KITS.find((each) => each.name === name);
  if (kit !== undefined) {
    if (uri === undefined) throw new UsageError("--uri is missing");
    return { kit, uri, plugin };
  }
  if (!isService(name)) throw new UsageError(`there is no kit ${name}`);
  if (plugin === undefined) throw new UsageError("--plugin is missing");
  return { service: name, plugin };
}

function isService(name: string): name is ServiceName {
  return Object.hasOwn(SERVICE_KITS, name);
}
