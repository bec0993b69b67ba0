import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { ExecutionContext } from "ava";
import { POLYVISORD } from "./process.js";

/** Binds, passes on and becomes the daemon, as a service manager does: the pid that is told is that of the daemon. */
const MANAGER = `
import os, socket, sys
names, paths, program = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
for index, path in enumerate(paths):
    if path.startswith("/"):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
    else:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("127.0.0.1", int(path)))
    listener.listen(16)
    os.dup2(listener.detach(), 100 + index)
for index in range(len(paths)):
    os.dup2(100 + index, 3 + index)
os.closerange(3 + len(paths), 200)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(paths)), LISTEN_FDNAMES=names)
os.execv(program[0], program)
`;

/** A daemon that is handed sockets: paths and ports of this machine by the names of their units. */
export interface ActivatedDaemon {
  readonly process: ChildProcess;
  out(): string;
  /** Also what it has logged. */
  err(): string;
  /** Settles when it is over. */
  readonly ended: Promise<number | string>;
}

export function startActivated(
  t: ExecutionContext,
  root: string,
  sockets: Readonly<Record<string, string | number>>,
): ActivatedDaemon {
  const [names, places] = [Object.keys(sockets).join(":"), Object.values(sockets).join(",")];
  const daemon = spawn("python3", ["-c", MANAGER, names, places, process.execPath, POLYVISORD, "--root", root]);
  let [out, err] = ["", ""];
  daemon.stdout.on("data", (text) => {
    out += text;
  });
  daemon.stderr.on("data", (text) => {
    err += text;
  });
  const ended = once(daemon, "close").then(([code, signal]) => code ?? signal);
  t.teardown(async () => {
    daemon.kill("SIGKILL");
    await ended;
  });
  return { process: daemon, out: () => out, err: () => err, ended };
}
