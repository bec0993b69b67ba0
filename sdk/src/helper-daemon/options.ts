import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { defaultPaths, type HostPaths, rootPaths } from "@polyvisor/core";
import { parseConfigFile } from "../conf/config-file.js";
import { type ConfigReader, configReader } from "../conf/config-file-values.js";
import { StartError } from "../process/start-error.js";

/** The names that libvirt gives a daemon's things: `virtlockd` has `virtlockd-sock`, `virtlockd.conf`, `virtlockd.pid`. */
export interface DaemonNames {
  /** The program's own name. */
  readonly name: string;
  readonly libvirtName: string;
}

/** Where a helper daemon keeps what is its own. Every path is absolute. */
export interface HelperPlaces {
  readonly paths: HostPaths;
  readonly socket: string;
  readonly pidFile: string;
  readonly configFile: string;
  /** Holds, for a moment, what one program tells the next that follows it in the same process. */
  readonly restartFile: string;
}

export interface HelperOptions {
  readonly places: HelperPlaces;
  /** Whether the file of settings was asked for by name. */
  readonly configRequired: boolean;
  /** Seconds without work after which the daemon ends; 0 means never. */
  readonly timeout: number;
  readonly verbose: boolean;
}

export type HelperCommand =
  | { readonly kind: "run"; readonly options: HelperOptions }
  | { readonly kind: "help" | "version" };

/** Reads a command line: libvirt's options, and `--root` and `--socket`. Throws a `StartError`. */
export function readHelperOptions(argv: readonly string[], names: DaemonNames): HelperCommand {
  const values = parsed(argv, names);
  if (values.help === true) return { kind: "help" };
  if (values.version === true) return { kind: "version" };
  return {
    kind: "run",
    options: {
      places: placesOf(values, names.libvirtName),
      configRequired: values.config !== undefined,
      timeout: secondsOf(values.timeout),
      verbose: values.verbose === true,
    },
  };
}

/** The text of `--help`. */
export function helpWords({ name, libvirtName }: DaemonNames): string {
  return [
    `Usage: ${name} [options]`,
    "",
    "  -f, --config <file>    Read the settings from this file",
    "  -p, --pid-file <file>  Keep the pid in this file",
    "  -t, --timeout <secs>   End after so many seconds without work",
    "  -v, --verbose          Write all messages to the log",
    "      --root <dir>       Keep everything below this folder, in libvirt's layout",
    `      --socket <path>    Listen here instead of at ${libvirtName}-sock`,
    "  -V, --version          Display the version",
    "  -h, --help             Display this help",
    "",
  ].join("\n");
}

type Values = ReturnType<typeof parseValues>;

function parseValues(args: string[]) {
  return parseArgs({
    args,
    options: {
      config: { type: "string", short: "f" },
      "pid-file": { type: "string", short: "p" },
      timeout: { type: "string", short: "t" },
      verbose: { type: "boolean", short: "v" },
      root: { type: "string" },
      socket: { type: "string" },
      version: { type: "boolean", short: "V" },
      help: { type: "boolean", short: "h" },
    },
  }).values;
}

function parsed(argv: readonly string[], { name }: DaemonNames): Values {
  try {
    return parseValues([...argv]);
  } catch (error) {
    throw new StartError((error as Error).message, `try ${name} --help`);
  }
}

function placesOf(values: Values, libvirtName: string): HelperPlaces {
  const ofSystem = values.root !== undefined || process.geteuid?.() === 0;
  const paths =
    values.root === undefined ? defaultPaths(ofSystem ? "system" : "session") : rootPaths(resolve(values.root));
  // Outside a root of its own, libvirt's daemon has the file of that name in the folder above.
  const pidFolder = values.root === undefined ? paths.run : dirname(paths.run);
  const pidFile = resolve(values["pid-file"] ?? join(pidFolder, `${libvirtName}.pid`));
  return {
    paths,
    socket: resolve(values.socket ?? join(paths.run, `${libvirtName}-sock`)),
    pidFile,
    configFile: resolve(values.config ?? join(paths.config, `${libvirtName}.conf`)),
    restartFile: pidFile.replace(/(\.pid)?$/, "-restart-exec.json"),
  };
}

function secondsOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new StartError(`Invalid value for timeout: ${text}`, "give a number of seconds");
}

/** The settings of a file, which need not be there where nobody asked for it by name. Throws a `StartError`. */
export async function readHelperSettings({ places, configRequired }: HelperOptions): Promise<ConfigReader> {
  const path = places.configFile;
  let text = "";
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (configRequired || code !== "ENOENT") throw new StartError(`the settings cannot be read: ${message}`);
  }
  return configReader(parseConfigFile(text, path), path);
}
