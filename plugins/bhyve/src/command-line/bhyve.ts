import type { Domain } from "@polyvisor/sdk/conf/domain";
import type { BhyveFeature } from "../conf/features.js";
import { extraArguments } from "../conf/namespace.js";
import { unsupported } from "../errors.js";
import { controllerSlots, diskSlots, filesystemSlot, interfaceSlot, soundSlot } from "./devices.js";
import { graphicsSlots } from "./graphics.js";
import { plainWord } from "./words.js";

export const BHYVE = "/usr/sbin/bhyve";
export const BHYVECTL = "/usr/sbin/bhyvectl";

/** What a guest gets of the host when it starts. */
export interface GuestMeans {
  /** The tap devices, one for each card. */
  readonly taps: readonly string[];
  /** Where VNC listens if that was to be chosen. */
  readonly vncPort: number;
}

/** The command that is the guest. Fails with `CONFIG_UNSUPPORTED` in libvirt's words for what this bhyve cannot do. */
export function bhyveArgv(domain: Domain, features: ReadonlySet<BhyveFeature>, means: GuestMeans): readonly string[] {
  const { devices } = domain;
  if (domain.name.startsWith("-")) unsupported("a name may not start with '-'", "bhyve would read it as an option");
  const slots = [
    ...controllerSlots(domain, features),
    ...devices.interfaces.map((card, at) => interfaceSlot(card, features, means.taps[at] ?? "")),
    ...devices.disks.flatMap(diskSlots),
    ...graphicsSlots(domain, features, means.vncPort),
    ...devices.sounds.map((sound) => soundSlot(domain, sound, features)),
    ...devices.filesystems.map((filesystem) => filesystemSlot(filesystem, features)),
  ];
  return [
    BHYVE,
    ...["-c", processors(domain, features)],
    ...["-m", String(megabytes(domain))],
    ...switches(domain, features),
    // A guest that waits for something is put to sleep, and leaves the processor to others.
    ...["-H", "-P"],
    ...["-s", "0:0,hostbridge"],
    ...bootrom(domain, features),
    ...slots.flatMap((slot) => ["-s", slot]),
    ...serialPort(domain),
    ...extraArguments(domain),
    domain.name,
  ];
}

/** The command that takes what is left of a guest away. */
export function destroyArgv(name: string): readonly string[] {
  return [BHYVECTL, "--destroy", `--vm=${name}`];
}

/** A guest's memory as bhyve and its loaders are told of it. */
export function megabytes({ memory }: Domain): number {
  return Math.ceil(memory / 1024);
}

function processors({ cpu, vcpu }: Domain, features: ReadonlySet<BhyveFeature>): string {
  const topology = cpu?.topology;
  if (topology === undefined) return String(vcpu.current);
  const { sockets, dies, cores, threads } = topology;
  if (dies !== 1) unsupported("Only 1 die per socket is supported");
  if (vcpu.current !== sockets * cores * threads) {
    unsupported(
      "Invalid CPU topology: total number of vCPUs must equal the product of sockets, cores, and threads",
      `${sockets} * ${cores} * ${threads} is ${sockets * cores * threads}, and there are ${vcpu.current}`,
    );
  }
  if (!features.has("cpu-topology")) unsupported("Installed bhyve binary does not support defining CPU topology");
  return `cpus=${vcpu.current},sockets=${sockets},cores=${cores},threads=${threads}`;
}

function switches({ memoryBacking, features: has, clock }: Domain, features: ReadonlySet<BhyveFeature>): string[] {
  if (clock.offset !== "utc" && clock.offset !== "localtime")
    unsupported(`unsupported clock offset '${clock.offset}'`, "use utc or localtime");
  const isUtc = clock.offset === "utc";
  if (isUtc && !features.has("rtc-utc")) unsupported("Installed bhyve binary does not support UTC clock");
  return [
    ...(memoryBacking?.locked === true ? ["-S"] : []),
    ...(has.acpi === true ? ["-A"] : []),
    ...(has.apic === undefined ? [] : ["-I"]),
    ...(has.msrs?.unknown === "ignore" ? ["-w"] : []),
    ...(isUtc ? ["-u"] : []),
  ];
}

function bootrom({ bootloader, os }: Domain, features: ReadonlySet<BhyveFeature>): string[] {
  if (bootloader !== undefined || os.loader === undefined) return [];
  if (!features.has("bootrom")) unsupported("Installed bhyve binary does not support UEFI loader");
  return ["-l", `bootrom,${plainWord(os.loader.path ?? "", "loader path")}`];
}

function serialPort({ devices }: Domain): string[] {
  const [serial] = devices.serials;
  if (serial === undefined) return [];
  const { source, target } = serial;
  if (source.type !== "nmdm") unsupported("only nmdm console types are supported");
  // com1 and com2
  if (target.port > 1) unsupported("only two serial ports are supported");
  return ["-l", `com${target.port + 1},${plainWord(source.master ?? "", "serial port")}`];
}
