import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A real libvirtd of one test's own, which tells what a document becomes there. */
export interface Libvirtd {
  /** Defines a domain named `g` and returns how it is then printed, or libvirt's words. */
  define(xml: string): Promise<{ readonly xml: string } | { readonly error: string }>;
  /** The environment and the arguments with which it would start a guest, or libvirt's words. The guest's number is -1. */
  commandLine(xml: string): Promise<{ readonly words: readonly string[] } | { readonly error: string }>;
  /** The same of a guest that it really starts (and ends at once). */
  startedWith(xml: string): Promise<{ readonly words: readonly string[] } | { readonly error: string }>;
  /** Where it keeps its configuration, and below it its guests' folders. */
  readonly configFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Starts a domain named `g` for a moment, its processors stopped; returns how it is printed while it runs. */
  run(xml: string): Promise<string>;
  /** The path of an image that its guests can use. */
  readonly image: string;
  stop(): Promise<void>;
}

/** Whether libvirt 9.0 with its QEMU driver is installed. */
export function hasLibvirtd(): boolean {
  const run = (program: string, ...args: string[]) => spawnSync(program, args, { encoding: "utf8" }).stdout ?? "";
  return run("virsh", "--version").startsWith("9.0.") && run("libvirtd", "--version").includes(" 9.0.");
}

const NOBODY = 65534;

/** Starts it as a session daemon, without privileges, below a folder that goes with it. */
export async function startLibvirtd(): Promise<Libvirtd> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-libvirtd-"));
  const privileged = process.getuid?.() === 0;
  const owner = privileged ? { uid: NOBODY, gid: NOBODY } : {};
  for (const name of ["run", "config", "cache", "data", "home"]) {
    await mkdir(join(root, name), { mode: 0o700 });
    if (privileged) await chown(join(root, name), NOBODY, NOBODY);
  }
  await chmod(root, 0o755);
  const image = join(root, "image");
  await writeFile(image, new Uint8Array(1 << 20), { mode: 0o666 });
  await chmod(image, 0o666);
  const environment = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    LC_ALL: "C",
    HOME: join(root, "home"),
    XDG_RUNTIME_DIR: join(root, "run"),
    XDG_CONFIG_HOME: join(root, "config"),
    XDG_CACHE_HOME: join(root, "cache"),
    XDG_DATA_HOME: join(root, "data"),
  };
  const daemon = spawn("libvirtd", [], { cwd: root, env: environment, stdio: "ignore", detached: true, ...owner });
  const ended = new Promise<void>((resolve) => daemon.once("exit", () => resolve()));
  const socket = join(root, "run/libvirt/libvirt-sock");
  for (let tries = 0; !existsSync(socket) && tries < 100; tries++) await delay(100);
  const uri = `qemu+unix:///session?socket=${socket}`;
  return {
    configFolder: join(root, "config"),
    environment,
    commandLine: async (xml) => {
      const file = join(root, "g.xml");
      await writeFile(file, xml);
      const { stdout, stderr } = await virsh(uri, `domxml-to-native qemu-argv --xml ${file}`, environment, owner);
      return stdout.trim() === "" ? { error: stderr.replace(/^error: /, "").trimEnd() } : { words: shellWords(stdout) };
    },
    startedWith: async (xml) => {
      const file = join(root, "g.xml");
      await writeFile(file, xml);
      const { stderr } = await virsh(uri, `create ${file} --paused`, environment, owner);
      if (stderr !== "") return { error: stderr.replace(/^error: .*\n^error: /m, "").trimEnd() };
      const pid = await readFile(join(root, "run/libvirt/qemu/run/g.pid"), "utf8");
      const [env, argv] = await Promise.all(
        ["environ", "cmdline"].map((name) => readFile(`/proc/${pid.trim()}/${name}`, "utf8")),
      );
      await virsh(uri, `qemu-monitor-command g '{"execute":"quit"}'`, environment, owner);
      while ((await virsh(uri, "list --name", environment, owner)).stdout.trim() !== "") await delay(50);
      return { words: `${env ?? ""}${argv ?? ""}`.split("\0").slice(0, -1) };
    },
    define: async (xml) => {
      const file = join(root, "g.xml");
      await writeFile(file, xml);
      const script = `define ${file}; dumpxml g --inactive --security-info; undefine g --nvram`;
      const { stdout, stderr } = await virsh(uri, script, environment, owner);
      if (stdout.includes("<domain")) {
        const end = stdout.indexOf("</domain>") + "</domain>".length;
        return { xml: `${stdout.slice(stdout.indexOf("<domain"), end)}\n` };
      }
      const words = stderr.split(/^error: /m).filter((each) => each !== "" && !each.startsWith("Failed to define"));
      return { error: (words[0] ?? stderr).trimEnd() };
    },
    run: async (xml) => {
      const file = join(root, "g.xml");
      await writeFile(file, xml);
      const script = `create ${file} --paused; dumpxml g; destroy g`;
      const { stdout, stderr } = await virsh(uri, script, environment, owner);
      if (!stdout.includes("<domain")) throw new Error(stderr);
      return stdout;
    },
    image,
    stop: async () => {
      daemon.kill("SIGTERM");
      const killer = setTimeout(() => daemon.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(killer);
      await rm(root, { recursive: true, force: true });
    },
  };
}

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

function virsh(
  uri: string,
  script: string,
  env: NodeJS.ProcessEnv,
  owner: { uid?: number; gid?: number },
): Promise<Output> {
  const child = spawn("virsh", ["-q", "-c", uri, script], { env, stdio: ["ignore", "pipe", "pipe"], ...owner });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("close", () => resolve(output));
  });
}

/** The words of a command line as a shell reads them; only single quotes and backslashes quote. */
function shellWords(line: string): readonly string[] {
  const words = line.trim().match(/(?:[^\s'\\]|'[^']*'|\\.)+/gs) ?? [];
  return words.map((word) =>
    word.replace(/'([^']*)'|\\(.)/gs, (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? ""),
  );
}
