import { relative } from "node:path";
import { parseArgs } from "node:util";
import { CreateError, createDriver } from "./create.js";
import { namesOf } from "./names.js";

const USAGE = `npm create @polyvisor/driver NAME [-- --tarballs FOLDER]
  NAME        the scheme of the driver's URIs: small letters and digits, such as lamp
  --tarballs  takes @polyvisor/core and @polyvisor/sdk from npm pack's tarballs in that folder, and not from the registry`;

/** Exit codes: 0 written, 1 it could not be, 2 a command line that cannot be meant. */
async function main(args: readonly string[]): Promise<number> {
  let given: { tarballs?: string | undefined };
  let words: readonly string[];
  try {
    const parsed = parseArgs({ args: [...args], options: { tarballs: { type: "string" } }, allowPositionals: true });
    given = parsed.values;
    words = parsed.positionals;
  } catch (error) {
    return misuse((error as Error).message);
  }
  const names = namesOf(words[0] ?? "");
  if (words.length !== 1 || names === undefined) return misuse(`"${words.join(" ")}" is no name for a driver`);
  try {
    const { tarballs } = given;
    const folder = await createDriver({ names, folder: process.cwd(), ...(tarballs !== undefined && { tarballs }) });
    const here = relative(process.cwd(), folder);
    console.log(`${here} has a driver for ${names.scheme}:///system. Its conformance kit passes:\n`);
    console.log(`    cd ${here} && npm install && npm test\n`);
    console.log("Then make src/guests.ts start guests of yours: README.md there says how.");
    return 0;
  } catch (error) {
    if (!(error instanceof CreateError)) throw error;
    console.error(error.message);
    return 1;
  }
}

function misuse(words: string): number {
  console.error(`${words}\n${USAGE}`);
  return 2;
}

process.exitCode = await main(process.argv.slice(2));
