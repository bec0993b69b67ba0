import { type HeldEntries, VirtError } from "@polyvisor/core";
import { notifySystemd } from "@polyvisor/sdk/process";
import { daemonVersion, describePlugins, type RunningDaemon, startDaemon } from "./daemon.js";
import { readCommandLine, UsageError } from "./startup/options.js";
import { StartError } from "./startup/start-error.js";

/** Exit codes: 1 for a daemon that could not start, 2 for a command line that cannot be meant. */
const EXIT = { FAILED: 1, USAGE: 2 } as const;

/**
 * How long what still runs when all is closed may keep the process, in milliseconds: a helper may wait for a storage that
 * hangs.
 */
const LINGER = 500;

/** The program. `held` is given where it is bundled with plugins. Resolves when it has ended, or has said why it could not start. */
export function run(held?: HeldEntries): Promise<void> {
  return main(held).catch(complain);
}

async function main(held: HeldEntries | undefined): Promise<void> {
  const command = readCommandLine(process.argv, await daemonVersion());
  if (command.kind === "done") return;
  if (command.kind === "plugins") {
    process.stdout.write(`${await describePlugins(command.options, held)}\n`);
    return;
  }
  if (command.kind === "set-password") {
    const { setPassword } = await import("./startup/set-password.js");
    process.stdout.write(`${await setPassword(command.options, command.user)}\n`);
    return;
  }
  const daemon = await startDaemon(command.options, held);
  const stop = stopSignal();
  outlive(daemon);
  process.stdout.write(`${daemon.words}\n`);
  notifySystemd(`READY=1\nSTATUS=serving ${daemon.sockets.join(", ")}`);
  await Promise.race([stop, daemon.idle]);
  notifySystemd("STOPPING=1");
  await daemon.close();
  setTimeout(() => process.exit(), LINGER).unref();
}

/** A plugin's forgotten promise and a service manager's reload do not end the daemon. */
function outlive(daemon: RunningDaemon): void {
  process.on("unhandledRejection", (reason) => daemon.log.error({ err: reason }, "a promise failed and nobody looked"));
  process.on("SIGHUP", () => void reload(daemon));
}

async function reload(daemon: RunningDaemon): Promise<void> {
  notifySystemd(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  await daemon.reload();
  notifySystemd("READY=1");
}

/** A terminal sends its signal to a whole process group, so more than one may come: only the first counts. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => resolve(signal));
  });
}

function complain(error: unknown): void {
  if (error instanceof UsageError) {
    process.stderr.write(`polyvisord: ${error.message}\nTry polyvisord --help\n`);
    process.exitCode = EXIT.USAGE;
    return;
  }
  const told = error instanceof StartError || error instanceof VirtError;
  const hint = told && error.hint !== undefined ? `\nhint: ${error.hint}` : "";
  process.stderr.write(`polyvisord: ${wordsOf(error)}${hint}\n`);
  process.exitCode = EXIT.FAILED;
}

/** What the system refused needs no stack; a fault of ours does. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const foreseen = error instanceof StartError || error instanceof VirtError || "syscall" in error;
  return foreseen ? error.message : (error.stack ?? error.message);
}
