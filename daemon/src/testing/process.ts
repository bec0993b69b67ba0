import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { ExecutionContext } from "ava";

/** The program, to be run by Node. */
export const POLYVISORD = new URL("../../bin/polyvisord.js", import.meta.url).pathname;

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, with more in its environment and its standard input where that is given. */
export function runProgram(
  program: string,
  args: readonly string[],
  { env = {}, input }: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(program, [...args], { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 128;
      resolve({ code, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

/** Runs a libvirt client to its end as another user of this host, who has no home. */
export function runAs(user: string, program: string, args: readonly string[]): Promise<Ended> {
  const env = { LC_ALL: "C", HOME: "/nonexistent", XDG_RUNTIME_DIR: "", XDG_CACHE_HOME: "/nonexistent" };
  return runProgram("setpriv", [`--reuid=${user}`, "--regid=nogroup", "--clear-groups", program, ...args], { env });
}

export function polyvisord(...args: string[]): Promise<Ended> {
  return runProgram(process.execPath, [POLYVISORD, ...args]);
}

/** A folder of the test's own, as short as a socket's path needs it. */
export async function rootFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pvd-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Daemon {
  readonly process: ChildProcess;
  readonly words: string;
  readonly socket: string;
  /** A URI of the test hypervisor by this daemon's socket. */
  readonly uri: string;
  /** What it has logged to stderr. */
  log(): string;
  /** Sends the signal and resolves with the exit code, or with the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | string>;
}

/** A daemon in a process of its own, once it has said that it is ready. It ends with the test. */
export async function startPolyvisord(t: ExecutionContext, root: string, ...args: string[]): Promise<Daemon> {
  const daemon = spawn(process.execPath, [POLYVISORD, "--root", root, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(daemon, "exit");
  t.teardown(async () => {
    daemon.kill("SIGKILL");
    await ended;
  });
  let [out, err] = ["", ""];
  daemon.stderr.on("data", (text) => {
    err += text;
  });
  const ready = new Promise<void>((resolve) => {
    daemon.stdout.on("data", (text) => {
      out += text;
      if (/polyvisor -c .* list --all\n/.test(out)) resolve();
    });
  });
  const failed = ended.then(() => Promise.reject(new Error(`the daemon ended: ${err}`)));
  await Promise.race([ready, failed]);
  failed.catch(() => {});
  const socket = join(root, "run/libvirt/libvirt-sock");
  return {
    process: daemon,
    words: out,
    socket,
    uri: `test+unix:///default?socket=${socket}`,
    log: () => err,
    async end(signal) {
      daemon.kill(signal);
      const [code, by] = await ended;
      return code ?? by;
    },
  };
}

/** Writes the configuration of a daemon on this root, before it starts. */
export async function configure(root: string, text: string): Promise<string> {
  const file = join(root, "etc/libvirt/polyvisord.conf");
  await mkdir(join(root, "etc/libvirt"), { recursive: true });
  await writeFile(file, text);
  return file;
}

/** Whether a program is in `PATH`. Tests that need it skip themselves by name where it is not. */
export async function hasProgram(name: string): Promise<boolean> {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(folder, name)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
