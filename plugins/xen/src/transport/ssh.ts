import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import { runHelper, shellWord } from "@polyvisor/sdk/process";
import { xenError } from "../errors.js";
import type { Dom0Place } from "../settings.js";
import { childStream } from "./child-stream.js";
import type { CommandOptions, Dom0, Words } from "./dom0.js";

type SshPlace = Extract<Dom0Place, { way: "ssh" }>;

const OUTPUT_MAX = 64 << 20;
/** How long a dom0 may take to let us in, and to show that it is there, in seconds; a third of that between its signs. */
const patience = (deadline: number) => Math.max(15, Math.round(deadline / 2000));

/** The words of the client for one connection that others are led through. */
export function masterArgv(place: SshPlace, control: string, deadline: number): Words {
  const { host, user, port, keyfile, noVerify, command = "ssh" } = place;
  const option = (text: string) => ["-o", text];
  return [
    command,
    ...["-M", "-N", "-T", "-S", control],
    ...option("BatchMode=yes"),
    ...option(`ConnectTimeout=${patience(deadline)}`),
    ...option(`ServerAliveInterval=${Math.round(patience(deadline) / 3)}`),
    ...option("ServerAliveCountMax=3"),
    ...option("ControlPersist=no"),
    ...option("PermitLocalCommand=yes"),
    ...option("LocalCommand=echo ready"),
    ...(noVerify ? [...option("StrictHostKeyChecking=no"), ...option("UserKnownHostsFile=/dev/null")] : []),
    ...(port === undefined ? [] : ["-p", String(port)]),
    ...(user === undefined ? [] : ["-l", user]),
    ...(keyfile === undefined ? [] : ["-i", keyfile]),
    ...["--", host],
  ];
}

/** The words for one command through that connection. Without it they fail: nobody logs in a second time. */
export function commandArgv({ host, command = "ssh" }: SshPlace, control: string, argv: Words): Words {
  const through = ["-T", "-S", control, "-o", "ControlMaster=no", "-o", "ProxyCommand=false", "-o", "BatchMode=yes"];
  return [command, ...through, "--", host, argv.map(shellWord).join(" ")];
}

/** The dom0 is another host, whose programs are run through one ssh connection. Fails with `NO_CONNECT`. */
export async function sshDom0(place: SshPlace, xenstoreSocket: string, deadline: number): Promise<Dom0> {
  const folder = await mkdtemp(join(tmpdir(), "xen-"));
  const control = join(folder, "s");
  const [program, ...args] = masterArgv(place, control, deadline);
  const master = spawn(program, args, { cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
  const name = place.port === undefined ? place.host : `${place.host}:${place.port}`;
  let words = "";
  master.stderr.on("data", (chunk: Buffer) => {
    words = `${words}${chunk}`.slice(-4096);
  });
  const lost = new Promise<VirtError>((resolve) => {
    const end = (reason: string) => {
      void rm(folder, { recursive: true, force: true });
      resolve(noConnection(name, reason));
    };
    master.once("error", (error) => end(error.message));
    master.once("close", () => end(words.trim().split("\n").at(-1) || "the connection ended"));
  });
  const close = () => void master.kill();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<VirtError>((resolve) => {
    timer = setTimeout(
      () => resolve(noConnection(name, `no answer within ${patience(deadline)} s`)),
      patience(deadline) * 1000,
    );
  });
  const ready = new Promise<undefined>((resolve) => void master.stdout.once("data", () => resolve(undefined)));
  const failure = await Promise.race([ready, lost, late]);
  clearTimeout(timer);
  if (failure instanceof VirtError) {
    close();
    throw failure;
  }
  const led = (argv: Words) => commandArgv(place, control, argv);
  const relay = `if command -v socat >/dev/null; then exec socat - UNIX-CONNECT:${shellWord(xenstoreSocket)}; fi; exec nc -U ${shellWord(xenstoreSocket)}`;
  return {
    name,
    isElsewhere: true,
    lost,
    run: (argv: Words, options: CommandOptions = {}) =>
      runHelper(led(argv), { deadline, maxOutput: OUTPUT_MAX, ...options }),
    open: (argv) => childStream(led(argv)),
    openXenstore: async () => childStream(led(["sh", "-c", relay])),
    close,
  };
}

function noConnection(name: string, reason: string): VirtError {
  return xenError(
    "NO_CONNECT",
    `dom0 ${name}: ${reason}`,
    "try `ssh HOST xl info` as the user that the daemon runs as",
  );
}
