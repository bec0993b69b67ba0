import { readFile } from "node:fs/promises";
import { readHostShape } from "@polyvisor/sdk/conf/host";
import type { LaunchPlan } from "@polyvisor/sdk/process";
import { has } from "../capabilities/index.js";
import { environmentOf } from "../command-line/environment.js";
import { buildCommandLine, type Runtime } from "../command-line/index.js";
import { settingsOf } from "../confine/index.js";
import { qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import type { StartNote } from "../log/index.js";
import type { InheritedFileGroups } from "./file-groups.js";
import { findMemoryPaths, makeMemoryFolders } from "./memory-folders.js";
import type { NetworkTaps } from "./network.js";

export interface StartPlan {
  readonly launch: LaunchPlan;
  readonly note: StartNote;
}

/** What the emulator inherits, by its numbers there. */
export interface StartDescriptors {
  readonly monitor: number;
  readonly taps: NetworkTaps["taps"];
  /** Sockets and files of character devices. */
  readonly channels: ReadonlyMap<string, number>;
  readonly chardevLogs: ReadonlyMap<string, number>;
  readonly fileGroups: InheritedFileGroups;
}

/** How the emulator is started. Makes the folders of its memory. */
export async function planLaunch(
  hypervisor: Hypervisor,
  guest: Guest,
  descriptors: StartDescriptors,
): Promise<StartPlan> {
  const { caps, config } = guest;
  if (caps === undefined) throw qemuError("INTERNAL_ERROR", "the emulator's capabilities are not known");
  const memory = await findMemoryPaths(hypervisor.layout, guest.id, config.name);
  await makeMemoryFolders(config, memory);
  const { settings } = hypervisor.confinement;
  const runtime: Runtime = {
    libDir: guest.folder,
    privileged: hypervisor.info.mode === "system",
    environment: process.env,
    monitor: { fd: descriptors.monitor },
    taps: descriptors.taps,
    chardevFds: descriptors.channels,
    chardevLogFds: descriptors.chardevLogs,
    fdGroups: descriptors.fileGroups,
    memory,
    checkNumaNodes,
    now: Math.floor(Date.now() / 1000),
    localOffset: -new Date().getTimezoneOffset() * 60,
    settings: settingsOf(settings),
  };
  const { argv, env } = buildCommandLine(config, caps, runtime);
  const chainEnv = Object.fromEntries(environmentOf(runtime));
  const [program = caps.emulator, ...args] = argv;
  return {
    launch: {
      argv: [program, ...args],
      env: chainEnv,
      ownEnv: Object.fromEntries(Object.entries(env).filter(([name, value]) => chainEnv[name] !== value)),
      umask: 0o002,
      // The emulator's own sandbox sees to it too, and costs no link in the chain.
      noNewPrivileges: !has(caps, "seccomp-sandbox") || !settings.seccomp_sandbox,
      ...(await hypervisor.confinement.plan(guest)),
    },
    note: { version: await packageVersion(), qemuVersion: versionWords(caps), env, argv },
  };
}

/** Refuses nodes that the host does not have. */
export function checkNumaNodes(nodes: readonly number[]): void {
  const there = new Set(readHostShape().nodes.map(({ id }) => id));
  const missing = nodes.find((node) => !there.has(node));
  if (missing === undefined) return;
  throw qemuError("CONFIG_UNSUPPORTED", `NUMA node ${missing} is unavailable`, {
    hint: "`virsh capabilities` lists the nodes of this host",
  });
}

function versionWords({ version, package: pack }: { readonly version: number; readonly package: string }): string {
  const numbers = [Math.floor(version / 1_000_000), Math.floor(version / 1000) % 1000, version % 1000];
  return `${numbers.join(".")}${pack === "" ? "" : ` (${pack})`}`;
}

let known: Promise<string> | undefined;

function packageVersion(): Promise<string> {
  known ??= readFile(new URL("../../package.json", import.meta.url), "utf8").then(
    (text) => (JSON.parse(text) as { version: string }).version,
  );
  return known;
}
