import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./port.js";

/** An sshd of one test's own on the loopback address, into which the test's user gets with a key. */
export interface PrivateSshd {
  readonly port: number;
  /** The client's key. */
  readonly keyfile: string;
  /** Runs ssh with files of the test's own: for `command=` of a URI. */
  readonly command: string;
  /** First on the PATH of whoever logs in. */
  readonly bin: string;
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** The server's program, where it and a client are installed. */
export async function findSshd(): Promise<string | undefined> {
  try {
    await Promise.all(["/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-keygen"].map((path) => access(path)));
    return "/usr/sbin/sshd";
  } catch {
    return undefined;
  }
}

/** Starts one, with an empty folder `bin` for programs that it is to find before the system's. */
export async function startSshd(binary: string): Promise<PrivateSshd> {
  const folder = await mkdtemp(join(tmpdir(), "sshd-"));
  const path = (name: string) => join(folder, name);
  const port = await freePort();
  await mkdir(path("bin"));
  for (const name of ["host", "user"]) await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path(name)]);
  await copyFile(path("user.pub"), path("authorized_keys"));
  await writeFile(path("sshd_config"), serverSettings(path, port));
  await writeFile(path("ssh_config"), `UserKnownHostsFile ${path("known_hosts")}\nGlobalKnownHostsFile /dev/null\n`);
  await writeFile(path("ssh"), `#!/bin/sh\nexec /usr/bin/ssh -F '${path("ssh_config")}' "$@"\n`, { mode: 0o755 });
  // The server of root wants this folder of the system's, which a service manager would have made.
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const child = spawn(binary, ["-D", "-e", "-f", path("sshd_config")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said += text;
  });
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await listening(child, port);
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}\n${said}`);
  }
  return { port, keyfile: path("user"), command: path("ssh"), bin: path("bin"), stop };
}

function serverSettings(path: (name: string) => string, port: number): string {
  return `ListenAddress 127.0.0.1
Port ${port}
HostKey ${path("host")}
PidFile none
AuthorizedKeysFile ${path("authorized_keys")}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
SetEnv PATH=${path("bin")}:/usr/bin:/bin
`;
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`sshd ended with status ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error("sshd does not listen after 30 s");
    await delay(20);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
