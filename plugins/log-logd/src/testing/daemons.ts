import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClientOf, logProgram } from "@polyvisor/core";
import { RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import { accepts, type SystemHost, withinReason } from "@polyvisor/sdk/testkit";

export type LogCalls = ClientOf<(typeof logProgram)["calls"]>;

/** A log daemon of a test's own. */
export interface TestedDaemon {
  readonly pid: number;
  readonly socket: string;
  /** A connection, which the test closes. */
  connect(): Promise<{ readonly client: RpcClient; readonly log: LogCalls }>;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export const PROGRAM = new URL("../../bin/polyvisor-logd.cjs", import.meta.url).pathname;
const VIRTLOGD = "/usr/sbin/virtlogd";
const SOCKET = "/run/libvirt/virtlogd-sock";

export function hasVirtlogd(): Promise<boolean> {
  return access(VIRTLOGD).then(
    () => true,
    () => false,
  );
}

/** A folder of the test's own. */
export async function makeFolder(t: { teardown(end: () => unknown): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-logd-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** polyvisor-logd below `folder`, as often as it is called; `settings` are lines of virtlogd.conf. */
export async function startOwn(folder: string, settings = ""): Promise<TestedDaemon> {
  await mkdir(join(folder, "etc/libvirt"), { recursive: true });
  await writeFile(join(folder, "etc/libvirt/virtlogd.conf"), settings);
  const child = spawn(process.execPath, [PROGRAM, "--root", folder, "--verbose"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  let words = "";
  child.stderr.on("data", (text) => (words += text));
  const socket = join(folder, SOCKET);
  await withinReason("polyvisor-logd listens", async () => {
    if (child.exitCode !== null) throw new Error(`polyvisor-logd ended with ${child.exitCode}: ${words}`);
    return accepts(socket);
  });
  return {
    ...connector(socket),
    pid: child.pid ?? 0,
    signal: (signal) => void child.kill(signal),
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** polyvisor-logd, or libvirt's own daemon, where programs of that host look for libvirt's. */
export async function startOn(
  host: SystemHost,
  which: "polyvisor-logd" | "virtlogd",
  settings = "",
): Promise<TestedDaemon> {
  await writeFile(host.path("/etc/libvirt/virtlogd.conf"), settings);
  const argv: [string, ...string[]] =
    which === "virtlogd"
      ? [VIRTLOGD, "--config", "/etc/libvirt/virtlogd.conf"]
      : [process.execPath, PROGRAM, "--socket", SOCKET, "--config", "/etc/libvirt/virtlogd.conf", "--verbose"];
  const output = join(host.folder, `${which}.out`);
  const daemon = await host.run(argv, { output });
  let status: number | undefined;
  void daemon.ended.then((ended) => (status = ended));
  const socket = host.path(SOCKET);
  await withinReason(`${which} listens`, async () => {
    if (status !== undefined) throw new Error(`${which} ended with ${status}: ${await readFile(output, "utf8")}`);
    return accepts(socket);
  });
  return {
    ...connector(socket),
    pid: daemon.pid,
    signal: (signal) => daemon.kill(signal),
    async stop() {
      daemon.kill("SIGTERM");
      await daemon.ended;
    },
  };
}

function connector(socket: string): Pick<TestedDaemon, "socket" | "connect"> {
  return {
    socket,
    async connect() {
      const client = await RpcClient.connect(socket);
      return { client, log: stubsOf(client, logProgram) };
    },
  };
}
