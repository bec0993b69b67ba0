// Part of `npm run lint`: the event loop waits for no file system. Sources that run in the daemon call nothing named *Sync,
// and import no native code, except where scripts/lint-sync-allow.json says why. Nor do they let Node make the folders above
// a folder, which may keep a thread for ever.
// `node scripts/lint-sync.mjs [FOLDER]`: prints one line for each fault, and for each exception that nothing needs, and exits 1.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { lineAt, readSources } from "./lib/sources.mjs";

/** Named in a string: as an import, or as what is required. */
const NATIVE = /(["'])(koffi|libxmljs2)\1/g;
/** The SDK's `makeFolders` does it, and ends. */
const FOLDERS_ABOVE = /\bmkdir(?:Sync)?\((?:[^()]|\([^()]*\))*recursive: true/g;
const IN_THE_DAEMON = /^(core|sdk|daemon|plugins\/[^/]+)$/;
/** CommonJS is what the guest's launcher runs, a process of its own that waits. */
const ELSEWHERE = /\.cts$|\.test\.ts$|\/(testkit|testing|golden)\//;

/** Every use of what may not be used: { file, line, name }. */
function usesOf({ file, code }) {
  const uses = [];
  for (const match of code.matchAll(/\b[A-Za-z]\w*Sync\b/g))
    uses.push({ file, line: lineAt(code, match.index), name: match[0] });
  for (const match of code.matchAll(NATIVE)) uses.push({ file, line: lineAt(code, match.index), name: match[2] });
  for (const match of code.matchAll(FOLDERS_ABOVE))
    uses.push({ file, line: lineAt(code, match.index), name: "mkdir with recursive" });
  return uses;
}

const root = process.argv[2] ?? new URL("..", import.meta.url).pathname;
/** One exception: `file`, the `names` that it may use, and the `reason`. */
const exceptions = JSON.parse(await readFile(join(root, "scripts/lint-sync-allow.json"), "utf8"));
const key = (file, name) => `${file} ${name}`;
const excused = new Map(exceptions.flatMap(({ file, names }) => names.map((name) => [key(file, name), false])));

const faults = exceptions.filter(({ reason }) => !reason).map(({ file }) => `${file}: an exception needs a reason`);
const sources = (await readSources(root)).filter(
  ({ file, folder }) => IN_THE_DAEMON.test(folder) && !ELSEWHERE.test(file),
);
for (const { file, line, name } of sources.flatMap(usesOf)) {
  if (excused.has(key(file, name))) excused.set(key(file, name), true);
  else faults.push(`${file}:${line}: ${name} may block the event loop`);
}
for (const [use, needed] of excused) if (!needed) faults.push(`scripts/lint-sync-allow.json: nothing needs: ${use}`);
if (sources.length === 0) faults.push(`${root}: no sources`);

for (const line of faults) console.error(line);
process.exitCode = faults.length > 0 ? 1 : 0;
