import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { ExecutionContext } from "ava";
import { runCommand } from "./harness/command.js";
import { program, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { until } from "./harness/processes.js";
import { project } from "./harness/project.js";
import { Virsh } from "./harness/virsh.js";

/** What an author may have to write, in lines. */
const OWN_LINES_MAX = 150;

const NEEDS = await Promise.all(["virsh", "npm"].map(program));

/** The files of the tutorial: the language of a block of code is followed by its path. */
async function filesOfTutorial(): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const page = await readFile(join(project, "docs/tutorial.md"), "utf8");
  return [...page.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)].map(([, path = "", text = ""]) => ({ path, text }));
}

async function npm(t: ExecutionContext, cwd: string, ...args: string[]): Promise<string> {
  const env = {
    ...process.env,
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
  };
  const { code, stdout, stderr } = await runCommand("npm", args, { cwd, env, timeout: 300_000 });
  t.is(code, 0, `npm ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

async function tarballsOf(t: ExecutionContext, folder: string, ...packages: string[]): Promise<string[]> {
  for (const name of packages) await npm(t, join(project, name), "pack", "--silent", "--pack-destination", folder);
  return (await readdir(folder)).filter((name) => name.endsWith(".tgz")).map((name) => join(folder, name));
}

testWith(
  "a driver by the tutorial, outside the repository, is packed, found, driven, killed and recovered",
  NEEDS,
  async (t) => {
    t.timeout(600_000);
    const files = await filesOfTutorial();
    const own = files.flatMap(({ path, text }) => (path.includes(".test.") ? [] : text.trimEnd().split("\n")));
    t.true(own.length > 40 && own.length < OWN_LINES_MAX, `${own.length} lines`);

    const folder = await mkdtemp(join(tmpdir(), "pvtutorial-"));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const tarballs = await tarballsOf(t, folder, "core", "sdk");
    const create = [join(project, "create-driver/bin/create-driver.js"), "proc", "--tarballs", folder];
    const created = await runCommand(process.execPath, create, { cwd: folder });
    t.is(created.code, 0, created.stderr);
    const author = join(folder, "polyvisor-proc");
    await npm(t, author, "install");
    for (const { path, text } of files) await writeFile(join(author, path), text);
    t.regex(await npm(t, author, "test"), /^ +\d+ tests passed$/m);

    const [packed = ""] = (await npm(t, author, "pack", "--silent")).trim().split("\n");
    const plugins = join(folder, "plugins");
    await mkdir(plugins);
    await npm(t, plugins, "install", join(author, basename(packed)), ...tarballs, "tsyringe@^4.10.0");
    await inDaemon(t, folder, join(plugins, "node_modules"));
  },
);

/** No other process on the machine sleeps so long. */
const SECONDS = 100_000_000 + process.pid;
const SLEEP = `/bin/sleep ${SECONDS}`;

const ONE = `<domain type='lxc'><name>one</name><uuid>5f7d1f4e-0c9a-4a6b-9d43-222222222222</uuid>
  <memory unit='MiB'>64</memory><os><type>exe</type><init>/bin/sleep</init><initarg>${SECONDS}</initarg></os></domain>`;

async function inDaemon(t: ExecutionContext, folder: string, plugins: string): Promise<void> {
  const root = join(folder, "root");
  await mkdir(join(root, "etc/libvirt"), { recursive: true });
  await writeFile(join(root, "etc/libvirt/polyvisord.conf"), `plugin_folders = [ "${plugins}" ]\n`);
  const daemon = new Polyvisord(root);
  t.teardown(() => daemon.dispose());
  await daemon.start();
  const virsh = new Virsh(`proc+unix:///system?socket=${daemon.socket}`);
  await virsh.define(ONE);
  t.teardown(() => runCommand("pkill", ["-f", SLEEP]));
  await virsh.ok("start", "one");

  const before = await processOf(daemon);
  process.kill(before, "SIGKILL");
  await until(
    "the plugin is there again",
    async () => (await virsh.run("domstate", "one")).stdout.trim() === "running",
  );
  t.not(await processOf(daemon), before);
  await virsh.ok("suspend", "one");
  t.is(await virsh.ok("domstate", "one", "--reason"), "paused (user)");
  await virsh.ok("destroy", "one");
  t.is(await virsh.ok("list", "--name"), "");
}

/** The process of the plugin, as an operator finds it. */
async function processOf(daemon: Polyvisord): Promise<number> {
  const cli = [join(project, "cli/bin/polyvisor.js"), "-c", daemon.uri("test"), "plugins", "--json"];
  const { code, stdout, stderr } = await runCommand(process.execPath, cli);
  if (code !== 0) throw new Error(stderr);
  const all = JSON.parse(stdout) as { name: string; process: { pid: number } | null }[];
  const pid = all.find(({ name }) => name === "proc")?.process?.pid;
  if (pid === undefined) throw new Error(`the plugin has no process: ${stdout}`);
  return pid;
}
