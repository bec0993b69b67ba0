import type { BhyveFeature, BhyveFeatures } from "../conf/index.js";
import type { CommandResult } from "./commands.js";

/** Runs a command that may fail; rejects where there is no such program. */
export type Attempt = (program: string, ...args: string[]) => Promise<CommandResult>;

/** bhyve cannot be asked what it knows: it is told to make each device, and complains of those that it does not know. */
const PROBES: Readonly<Partial<Record<BhyveFeature, { readonly args: readonly string[]; readonly lacks: string }>>> = {
  "ahci-32-slots": device("ahci"),
  e1000: device("e1000"),
  fbuf: device("fbuf"),
  xhci: device("xhci"),
  hda: device("hda"),
  "virtio-9p": device("virtio-9p"),
  bootrom: { args: ["-l", "bootrom"], lacks: "bhyve: invalid lpc device configuration 'bootrom'" },
  "vnc-password": { args: ["-s", "0,fbuf,password="], lacks: 'Invalid fbuf emulation "password"' },
};

function device(name: string) {
  return { args: ["-s", `0,${name}`], lacks: `pci slot 0:0: unknown device "${name}"` };
}

/** Asks the installed programs what they can do; nothing where bhyve is not there. */
export async function probeFeatures(attempt: Attempt, bhyve: string): Promise<BhyveFeatures> {
  const [fromHelp, grubConsole, ...found] = await Promise.all([
    probeHelp(attempt, bhyve),
    probeGrub(attempt),
    ...Object.entries(PROBES).map(async ([name, { args, lacks }]) => {
      const { stderr } = await attempt(bhyve, ...args);
      return stderr.includes(lacks) ? [] : [name as BhyveFeature];
    }),
  ]);
  return { bhyve: new Set([...fromHelp, ...found.flat()]), grubConsole };
}

async function probeHelp(attempt: Attempt, bhyve: string): Promise<readonly BhyveFeature[]> {
  const { stdout, stderr } = await attempt(bhyve, "-h");
  const help = stdout + stderr;
  return [
    ...(help.includes("-u:") ? (["rtc-utc"] as const) : []),
    // the words of those that knew nothing of sockets and cores
    ...(help.includes("-c vcpus") ? [] : (["cpu-topology"] as const)),
  ];
}

async function probeGrub(attempt: Attempt): Promise<boolean> {
  try {
    const { stdout, stderr } = await attempt("grub-bhyve", "--help");
    return (stdout + stderr).includes("--cons-dev");
  } catch {
    return false;
  }
}
