import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { VirtError } from "@polyvisor/core";
import { parseArmCpuinfo, parsePpcCpuinfo, parseS390 } from "./cpuinfo.js";
import { DMIDECODE_ARGS, parseDmidecode } from "./dmidecode.js";
import type { SmbiosInfo } from "./model.js";

/** Where facts of a host's firmware come from. */
export interface SysinfoSource {
  /** What `dmidecode` prints; fails where it cannot run or finds no tables. */
  dmidecode(args: readonly string[]): Promise<string>;
  /** A file under /proc. */
  file(path: "/proc/cpuinfo" | "/proc/sysinfo"): Promise<string>;
}

const DEADLINE_MS = 10_000;
const MOST_OUTPUT = 16 * 1024 * 1024;
const run = promisify(execFile);

/** The machine that we run on. */
export const hostSysinfoSource: SysinfoSource = {
  async dmidecode(args) {
    const { stdout, stderr } = await run("dmidecode", [...args], {
      encoding: "utf8",
      timeout: DEADLINE_MS,
      killSignal: "SIGKILL",
      maxBuffer: MOST_OUTPUT,
    });
    // a string that is not there is complained of, and still dmidecode ends well
    if (args[0] === "--dump" && stderr !== "") throw new Error(stderr.trim());
    return stdout;
  },
  file: (path) => readFile(path, "utf8"),
};

/** A host's sysinfo. `arch` is libvirt's name of the host's architecture. */
export async function readSysinfo(arch: string, source: SysinfoSource = hostSysinfoSource): Promise<SmbiosInfo> {
  if (arch === "x86_64" || arch === "i686") return readTables(source);
  if (arch === "aarch64" || arch.startsWith("armv")) return readArm(source);
  if (arch.startsWith("ppc")) return parsePpcCpuinfo(await readProc(source, "/proc/cpuinfo"));
  if (arch.startsWith("s390")) {
    return parseS390(await readProc(source, "/proc/cpuinfo"), await readProc(source, "/proc/sysinfo"));
  }
  throw new VirtError(
    "SYSTEM_ERROR",
    "Host sysinfo extraction not supported on this platform: Function not implemented",
    { domain: "SYSINFO" },
  );
}

async function readTables(source: SysinfoSource): Promise<SmbiosInfo> {
  try {
    const output = await source.dmidecode(DMIDECODE_ARGS);
    return await parseDmidecode(output, (number) => source.dmidecode(["--dump", "--oem-string", String(number)]));
  } catch (error) {
    if (error instanceof VirtError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new VirtError("INTERNAL_ERROR", `dmidecode failed: ${why}`, {
      domain: "SYSINFO",
      hint: "Install dmidecode; it needs the right to read /sys/firmware/dmi/tables.",
      cause: error,
    });
  }
}

/** Some ARM machines have SMBIOS tables; of the others the kernel tells what it knows. */
async function readArm(source: SysinfoSource): Promise<SmbiosInfo> {
  const tables = await readTables(source).catch(() => undefined);
  if (tables !== undefined && !isEmpty(tables)) return tables;
  return parseArmCpuinfo(await readProc(source, "/proc/cpuinfo"));
}

function isEmpty({ type, ...tables }: SmbiosInfo): boolean {
  return Object.values(tables).every((table) => table === undefined || table.length === 0);
}

async function readProc(source: SysinfoSource, path: "/proc/cpuinfo" | "/proc/sysinfo"): Promise<string> {
  try {
    return await source.file(path);
  } catch (error) {
    throw new VirtError("INTERNAL_ERROR", `Failed to open ${path}`, { domain: "SYSINFO", cause: error });
  }
}
