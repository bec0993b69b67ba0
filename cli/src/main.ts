import { type Connection, createHost, type Host } from "@polyvisor/core";
import { type Chosen, readCommandLine } from "./command-line.js";
import { describe, UsageError } from "./errors.js";
import { PACKAGE_FOLDER, packageVersion } from "./package.js";
import { uriOf } from "./uri.js";

/** Exit codes: 1 for what failed, 2 for a command line that cannot be meant. */
const EXIT = { FAILED: 1, USAGE: 2 } as const;

async function main(): Promise<void> {
  const chosen = readCommandLine(process.argv, await packageVersion());
  if (chosen !== undefined) await run(chosen);
}

async function run({ command, args, options, place }: Chosen): Promise<void> {
  const uri = uriOf(place, process.env);
  let host: Host | undefined;
  let opened: Promise<Connection> | undefined;
  const open = async () => {
    host = await createHost({ dependenciesOf: PACKAGE_FOLDER });
    return host.open(uri, { readOnly: place.readOnly });
  };
  const connection = () => {
    opened ??= open();
    return opened;
  };
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  try {
    await command.run({ uri, readOnly: place.readOnly, connection, print }, args, options);
  } finally {
    await opened?.then((it) => it.close()).catch(() => {});
    await host?.close();
  }
}

/** Whoever reads the output may stop before its end, such as `head`. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

await main().catch((error: unknown) => {
  process.stderr.write(`${describe(error)}\n`);
  process.exitCode = error instanceof UsageError ? EXIT.USAGE : EXIT.FAILED;
});
