import { readFile, unlink } from "node:fs/promises";
import { close as closeDebugger, url as debuggerUrl } from "node:inspector";
import { dirname } from "node:path";
import { type Log, VirtError } from "@polyvisor/core";
import type { ConfigReader } from "../conf/config-file-values.js";
import { type Claim, claim, claimKept } from "../process/claim.js";
import { replaceProgram } from "../process/exec.js";
import { keepDescriptorsFromChildren, notifySystemd } from "../process/native.js";
import { StartError } from "../process/start-error.js";
import { makeFolders } from "../store/make-folders.js";
import { activatedSocket } from "./activation.js";
import { whenIdle } from "./idle.js";
import { type LogLevel, openLog } from "./log.js";
import {
  type DaemonNames,
  type HelperOptions,
  type HelperPlaces,
  helpWords,
  readHelperOptions,
  readHelperSettings,
} from "./options.js";
import { canRun, type SavedDaemon, takeRestartFile, writeRestartFile } from "./restart.js";
import { HelperServer, type HelperService } from "./server.js";

/** What a daemon's own part is given when it starts. */
export interface HelperSurroundings {
  readonly places: HelperPlaces;
  readonly settings: ConfigReader;
  readonly log: Log;
  /** What `save` told, where this program follows another in the same process. */
  readonly saved?: unknown;
}

/** A daemon's own part, started. */
export interface RunningService<Api, State> extends HelperService<Api, State> {
  /** Whether something is kept that would be lost or missed if the daemon ended for want of clients. */
  isBusy(): boolean;
  /** Waits for what it has under way, and begins nothing more. Called before `save`, when no call runs any more. */
  hold(): Promise<void>;
  /** Goes on after `hold`, where the program cannot be replaced after all. */
  release(): void;
  /**
   * What the next program has to know, as JSON, and the descriptors that it names by number. Returns at once: this program
   * ends in the same turn of the event loop.
   */
  save(): { readonly state: unknown; readonly descriptors: readonly number[] };
  /** Called when the daemon ends, after all clients are gone. */
  close(): Promise<void>;
}

/** A helper daemon: a small server of libvirt's that one of the services of a host has. */
export interface HelperDaemon<Api, State> extends DaemonNames {
  /** The folder of the package, whose version the daemon tells. */
  readonly packageFile: URL;
  start(surroundings: HelperSurroundings): Promise<RunningService<Api, State>>;
}

const MAX_CLIENTS = 1024;

/** Exit codes: 1 for a daemon that could not start. */
const FAILED = 1;

/**
 * The whole life of a helper daemon as a program. `SIGTERM`, `SIGINT` and `SIGQUIT` end it; `SIGUSR1` replaces its program by
 * what is installed by then, in the same process, and its clients notice nothing.
 */
export async function runHelperDaemon<Api, State>(daemon: HelperDaemon<Api, State>): Promise<void> {
  try {
    const command = readHelperOptions(process.argv.slice(2), daemon);
    if (command.kind === "run") await run(daemon, command.options);
    else if (command.kind === "help") process.stdout.write(helpWords(daemon));
    else process.stdout.write(`${daemon.name}/${await versionOf(daemon)}\n`);
  } catch (error) {
    complain(daemon, error);
  }
}

async function run<Api, State>(daemon: HelperDaemon<Api, State>, options: HelperOptions): Promise<void> {
  const signals = catchSignals();
  const { places } = options;
  const settings = await readHelperSettings(options);
  const log = await openLog({
    level: options.verbose ? 1 : ((settings.unsigned("log_level", { max: 4 }) || 3) as LogLevel),
    outputs: settings.string("log_outputs"),
  });
  const saved = await takeRestartFile(places.restartFile);
  const listener = saved === undefined ? activatedSocket(daemon) : undefined;
  const claimed = await claimPlace(places, saved, listener !== undefined);
  if (saved !== undefined) keepDescriptorsFromChildren();
  const service = await daemon.start({
    places,
    settings,
    log,
    ...(saved === undefined ? {} : { saved: saved.service }),
  });
  const server = new HelperServer(service, settings.unsigned("max_clients") ?? MAX_CLIENTS, log);
  if (saved === undefined) await server.listen(listener === undefined ? { path: places.socket } : { fd: listener });
  else await server.restore(saved.server);
  log.info({ socket: places.socket, version: await versionOf(daemon) }, "serving");
  process.stdout.write(`${daemon.name} is ready (pid ${process.pid}), listening on ${places.socket}\n`);
  notifySystemd("READY=1");
  const activated = saved?.activated ?? listener !== undefined;
  const running: Running<Api, State> = { places, log, claimed, activated, server, service };
  signals.replace(() => replaceByInstalled(running));
  if (options.timeout > 0) whenIdle(options.timeout, () => server.clients.length > 0 || service.isBusy(), signals.end);
  await signals.ended;
  await end(running);
}

interface Running<Api, State> {
  readonly places: HelperPlaces;
  readonly log: Log;
  readonly claimed: Claim;
  /** A service manager made the socket, and goes on listening when the daemon has ended. */
  readonly activated: boolean;
  readonly server: HelperServer<Api, State>;
  readonly service: RunningService<Api, State>;
}

async function claimPlace(places: HelperPlaces, saved: SavedDaemon | undefined, activated: boolean): Promise<Claim> {
  if (saved !== undefined) return claimKept(places.pidFile, saved.claim);
  await makeFolders(dirname(places.socket));
  return claim(places.pidFile, activated ? [] : [places.socket]);
}

/** The program goes on where it cannot be replaced. */
async function replaceByInstalled<Api, State>(running: Running<Api, State>): Promise<void> {
  const { places, log, claimed, activated, server, service } = running;
  const command: [string, ...string[]] = [process.execPath, ...process.execArgv, process.argv[1] as string];
  if (!(await canRun(command))) {
    log.error({ program: process.argv[1] }, "the program that is installed now does not run: this one goes on");
    return;
  }
  if (!(await server.hold())) {
    log.error({}, "a call takes too long: the program is not replaced");
    return;
  }
  await service.hold();
  log.info({}, "the program is replaced");
  try {
    const own = service.save();
    const saved = { server: server.save(), claim: claimed.descriptor, activated, service: own.state };
    writeRestartFile(places.restartFile, saved);
    const keep = [...HelperServer.descriptorsOf(saved.server), claimed.descriptor, ...own.descriptors];
    replaceProgram(process.execPath, [...command, ...process.argv.slice(2)], process.env, keep);
  } catch (error) {
    log.error({ err: error }, "the program cannot be replaced: this one goes on");
    service.release();
    server.release();
  }
}

async function end<Api, State>({ places, claimed, activated, server, service }: Running<Api, State>): Promise<void> {
  notifySystemd("STOPPING=1");
  server.close();
  await service.close();
  if (!activated) await unlink(places.socket).catch(() => {});
  await claimed.release();
  process.exit();
}

interface Signals {
  /** Resolves at the first signal that ends the daemon. */
  readonly ended: Promise<void>;
  end(): void;
  /** `ask` is called for a signal that asks for a new program, one that has come already included; not twice at a time. */
  replace(ask: () => Promise<void>): void;
}

/** Called first of all: without a listener `SIGUSR1` would open a door for debuggers, and `SIGHUP` end the daemon. */
function catchSignals(): Signals {
  let ask: (() => Promise<void>) | undefined;
  let wanted = false;
  const askNow = async () => {
    if (!wanted || ask === undefined) return;
    const asked = ask;
    ask = undefined;
    wanted = false;
    await asked();
    ask = asked;
    await askNow();
  };
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  process.on("SIGUSR1", () => {
    wanted = true;
    void askNow();
  });
  // One that came before this had opened that door.
  if (debuggerUrl() !== undefined) {
    closeDebugger();
    wanted = true;
  }
  process.on("SIGHUP", () => {});
  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) process.on(signal, end);
  return {
    ended,
    end,
    replace(asked) {
      ask = asked;
      void askNow();
    },
  };
}

async function versionOf({ packageFile }: { readonly packageFile: URL }): Promise<string> {
  return (JSON.parse(await readFile(packageFile, "utf8")) as { version: string }).version;
}

function complain({ name }: DaemonNames, error: unknown): void {
  const told = error instanceof StartError || error instanceof VirtError;
  const hint = told && error.hint !== undefined ? `\nhint: ${error.hint}` : "";
  const words = told ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${name}: ${words}${hint}\n`);
  process.exit(FAILED);
}
