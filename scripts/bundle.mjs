// Part of `npm run build`: makes few files of the hundreds of modules that the daemon's programs consist of, with our plugins, in
// daemon/bundle. Each module would cost time at every start, and memory. Does nothing where nothing was built since.
// `node scripts/bundle.mjs [FOLDER]`; daemon/src/program.ts says when the result is used.
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { build } from "esbuild";
import { packageFolders } from "./lib/sources.mjs";

/** What is loaded before it is known whether the bundle is used. There must be one of it, so the bundle imports it as well. */
const LOADED_BEFORE = ["dist/small-start.js"];

/**
 * A daemon may still import parts of the bundle that it was started from: those of the bundle before stay, and what is younger, in
 * milliseconds, because a tree that is worked on is built often.
 */
const KEEP_MS = 3_600_000;

const root = process.argv[2] ?? new URL("..", import.meta.url).pathname;
const daemon = join(root, "daemon");
const output = join(daemon, "bundle");
const { MODULES, programCode } = await import(join(daemon, "dist/program.js"));
const packages = await bundledPackages();
if (!(await isCurrent())) await makeBundle();

/** The daemon, and those of its dependencies that are packages of this tree: name, folder, version, whether it is a plugin. */
async function bundledPackages() {
  const { dependencies } = await packageJson(daemon);
  const all = await Promise.all((await packageFolders(root)).map((folder) => describe(join(root, folder))));
  return all.filter(({ name, folder }) => folder === daemon || dependencies[name] !== undefined);
}

async function describe(folder) {
  const { name, version, polyvisor } = await packageJson(folder);
  return { name, version, folder, entry: polyvisor && join(folder, polyvisor.entry) };
}

async function packageJson(folder) {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
}

async function isCurrent() {
  const made = await changeTime(join(output, "bundle.json"));
  const from = packages.flatMap(({ folder }) => [join(folder, "dist/.tsbuildinfo"), join(folder, "package.json")]);
  const times = await Promise.all([new URL(import.meta.url).pathname, ...from].map(changeTime));
  return made !== undefined && times.every((time) => time !== undefined && time < made);
}

function changeTime(path) {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

async function makeBundle() {
  const { outputFiles, metafile } = await build({
    entryPoints: Object.keys(MODULES).map((name) => ({ in: `program:${name}`, out: name })),
    outdir: output,
    entryNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: true,
    sourcesContent: false,
    write: false,
    metafile: true,
    absWorkingDir: root,
    logLevel: "warning",
    plugins: [{ name: "polyvisor", setup }],
  });
  await checkImports(metafile);
  await mkdir(output, { recursive: true });
  const before = await filesBefore();
  for (const { path, contents } of outputFiles) await writeOnce(path, contents);
  const record = {
    programs: Object.fromEntries(Object.keys(MODULES).map((name) => [name, fileOf(metafile, name)])),
    packages: Object.fromEntries(packages.map(({ name, version }) => [name, version])),
    files: outputFiles.map(({ path }) => basename(path)),
  };
  await replace(join(output, "bundle.json"), `${JSON.stringify(record, undefined, 2)}\n`);
  if (!programCode("polyvisord").url.includes("/bundle/"))
    throw new Error("daemon/src/program.ts does not take the bundle that was just made");
  await removeOld(new Set([...record.files, ...before, "bundle.json"]));
}

/** What other packages bring stays outside, and a module that looks for files beside itself still finds them. */
function setup({ onResolve, onLoad }) {
  onResolve({ filter: /^program:/ }, ({ path }) => ({ path: path.slice("program:".length), namespace: "program" }));
  onLoad({ filter: /.*/, namespace: "program" }, ({ path }) => ({ contents: programText(path), resolveDir: daemon }));
  onResolve({ filter: /^[^./]/ }, ({ path }) =>
    path.startsWith("@polyvisor/") ? undefined : { path, external: true },
  );
  onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
    const file = join(resolveDir, path);
    const isBefore = LOADED_BEFORE.some((name) => file === join(daemon, name));
    return isBefore ? { path: `./${relative(output, file)}`, external: true } : undefined;
  });
  onLoad({ filter: /\.js$/ }, async ({ path }) => {
    const text = await readFile(path, "utf8");
    return { contents: text.replaceAll("import.meta.url", addressIn(path)), loader: "js" };
  });
}

/** A program whose plugins are part of the bundle, and are loaded when they are needed. */
function programText(name) {
  const entries = packages
    .filter(({ entry }) => entry !== undefined)
    .map((plugin) => `[${JSON.stringify(plugin.name)}, () => import(${JSON.stringify(plugin.entry)})],`);
  return [
    `import { run as runWith } from ${JSON.stringify(join(daemon, MODULES[name]))};`,
    `const entries = [${entries.join("\n")}];`,
    "export const run = (folders) => runWith(new Map(entries.map(([name, entry]) => [folders[name], entry])));",
  ].join("\n");
}

/** An expression for the address that a module has outside of the bundle, wherever its package is installed. */
function addressIn(path) {
  const { name, folder } = packages.find((each) => path.startsWith(`${each.folder}/`));
  if (folder === daemon) return `new URL(${JSON.stringify(relative(output, path))}, import.meta.url).href`;
  const inPackage = JSON.stringify(relative(folder, path));
  return `new URL(${inPackage}, import.meta.resolve(${JSON.stringify(`${name}/package.json`)})).href`;
}

function fileOf(metafile, program) {
  const outputs = Object.entries(metafile.outputs);
  return basename(outputs.find(([, { entryPoint }]) => entryPoint === `program:${program}`)[0]);
}

/** What the bundle imports is looked for from the daemon's folder, so the daemon has to depend on it itself. */
async function checkImports({ outputs }) {
  const { dependencies } = await packageJson(daemon);
  const imported = Object.values(outputs).flatMap(({ imports }) => imports.filter(({ external }) => external));
  const packageNames = imported.map(({ path }) => path.match(/^(?:@[^/]+\/)?[^/]+/)[0]);
  const missing = new Set(packageNames.filter((name) => !/^(?:node:|\.)/.test(name) && !dependencies[name]));
  if (missing.size > 0)
    throw new Error(`daemon/package.json has to name what the bundle imports: ${[...missing].join(", ")}`);
}

/** Names hold a hash of what is in the file: one that is there is the same. */
async function writeOnce(path, contents) {
  if ((await changeTime(path)) === undefined) await replace(path, contents);
}

async function replace(path, contents) {
  const half = join(dirname(path), `.${basename(path)}.${process.pid}`);
  await writeFile(half, contents);
  await rename(half, path);
}

function filesBefore() {
  return readFile(join(output, "bundle.json"), "utf8").then(
    (text) => JSON.parse(text).files ?? [],
    () => [],
  );
}

async function removeOld(current) {
  for (const name of await readdir(output)) {
    if (current.has(name) || Date.now() - (await changeTime(join(output, name))) < KEEP_MS) continue;
    await rm(join(output, name), { force: true });
  }
}
