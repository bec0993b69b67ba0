import type { Capabilities } from "@polyvisor/sdk/conf/capabilities";
import { blankDomain, completeDomain, type Domain, NO_DEVICES } from "@polyvisor/sdk/conf/domain";
import type { XmlElement } from "@polyvisor/sdk/xml";
import type { VmxReading } from "./context.js";
import { uuidIn, VmxEntries, vmxError } from "./entries.js";
import { unescapePercent, unescapePipe } from "./escape.js";
import { SCSI_UNITS, SCSI_UNITS_WIDE, VMWARE_URI, vmwareHooks } from "./hooks.js";
import { parseDisks } from "./parse-disks.js";
import { parseSharedFolders, parseVideo, parseVnc } from "./parse-display.js";
import { parseInterfaces } from "./parse-interfaces.js";
import { parseParallels, parseSerials } from "./parse-ports.js";

const ZERO_UUID = "00000000-0000-0000-0000-000000000000";
/** The hardware version from which on SCSI buses have more units. */
const WIDE_SCSI_VERSION = 13;
/** CPUs that an affinity can name. */
const CPUS_MAX = 16384;

/**
 * The configuration that a VMX file is. Throws `CONF_SYNTAX` and `INTERNAL_ERROR` in libvirt's words.
 */
export function parseVmx(file: string | Uint8Array, reading: VmxReading, capabilities: Capabilities): Domain {
  const entries = new VmxEntries(file);
  const version = hardwareVersion(entries);
  const scsiUnits = version >= WIDE_SCSI_VERSION ? SCSI_UNITS_WIDE : SCSI_UNITS;
  const written = parseEntries(entries, reading, scsiUnits);
  const hooks = vmwareHooks(capabilities, scsiUnits);
  return completeDomain(written, { hooks, abiUpdate: true, skipChecks: true, inactive: false });
}

function parseEntries(entries: VmxEntries, reading: VmxReading, scsiUnits: number): Domain {
  const memory = parseMemory(entries);
  const vcpus = parseVcpus(entries);
  const { disks, controllers } = parseDisks(entries, reading, scsiUnits);
  return {
    ...blankDomain({
      type: "vmware",
      uuid: entries.uuid("uuid.bios") ?? ZERO_UUID,
      name: parseName(entries),
      os: parseOs(entries),
    }),
    genid: parseGenerationId(entries),
    description: parseAnnotation(entries),
    ...memory,
    ...vcpus,
    devices: {
      ...NO_DEVICES,
      disks,
      controllers,
      filesystems: parseSharedFolders(entries),
      interfaces: parseInterfaces(entries),
      serials: parseSerials(entries, reading),
      parallels: parseParallels(entries, reading),
      graphics: parseVnc(entries),
      videos: [parseVideo(entries)],
    },
    namespace: placeOf(reading),
  };
}

function hardwareVersion(entries: VmxEntries): number {
  const config = entries.requiredNumber("config.version");
  if (config !== 8) {
    throw vmxError(`Expecting VMX entry 'config.version' to be 8 but found ${config}`, "Only version 8 is known.");
  }
  const version = entries.requiredNumber("virtualHW.version");
  if (version < 4) {
    const detail = `Expecting VMX entry 'virtualHW.version' to be 4 or higher but found ${version}`;
    throw vmxError(detail, "Upgrade the machine's virtual hardware.");
  }
  return version;
}

function parseName(entries: VmxEntries): string {
  const written = entries.string("displayName") ?? "";
  const plain = unescapePercent(written);
  const name = plain === undefined ? undefined : unescapePipe(plain);
  if (name !== undefined) return name;
  throw vmxError("VMX entry 'name' contains invalid escape sequence", "Escapes are such as %2f and |22.");
}

function parseAnnotation(entries: VmxEntries): string | undefined {
  const written = entries.string("annotation");
  if (written === undefined) return undefined;
  const text = unescapePipe(written);
  if (text !== undefined) return text;
  throw vmxError("VMX entry 'annotation' contains invalid escape sequence", "Escapes are such as |0A and |22.");
}

function parseGenerationId(entries: VmxEntries): Domain["genid"] {
  const halves = ["vm.genid", "vm.genidX"].map((name) => entries.bigint(name) ?? 0n);
  if (halves.every((half) => half === 0n)) return undefined;
  const digits = halves.map((half) => BigInt.asUintN(64, half).toString(16).padStart(16, "0"));
  return { uuid: uuidIn(digits.join("")) };
}

/** The file has MiB, the document KiB. */
function parseMemory(entries: VmxEntries): Pick<Domain, "memory" | "currentMemory" | "memtune"> {
  const memsize = entries.number("memsize", 32);
  if (memsize <= 0 || memsize % 4 !== 0) {
    throw vmxError(
      `Expecting VMX entry 'memsize' to be an unsigned integer (multiple of 4) but found ${memsize}`,
      'Write memsize = "1024".',
    );
  }
  const limit = entries.number("sched.mem.max", memsize);
  const reservation = Math.max(0, entries.number("sched.mem.minsize", 0));
  const kib = (mib: number): number => Math.min(mib, memsize) * 1024;
  return {
    memory: memsize * 1024,
    currentMemory: kib(limit < 0 ? memsize : limit),
    memtune: reservation === 0 ? undefined : { minGuarantee: kib(reservation) },
  };
}

function parseVcpus(entries: VmxEntries): Pick<Domain, "vcpu" | "cpu" | "cputune"> {
  const count = entries.number("numvcpus", 1);
  if (count <= 0) {
    const detail = `Expecting VMX entry 'numvcpus' to be an unsigned integer greater than 0 but found ${count}`;
    throw vmxError(detail, 'Write numvcpus = "1".');
  }
  const cores = entries.number("cpuid.coresPerSocket", 1);
  const sockets = Math.floor(count / cores);
  if (cores > 1 && sockets <= 0) {
    throw vmxError("VMX entry 'cpuid.coresPerSocket' smaller than 'numvcpus'", "Lower cpuid.coresPerSocket.");
  }
  return {
    vcpu: { max: count, current: count, placement: "static", cpuset: parseAffinity(entries, count) },
    cpu: cores > 1 ? { topology: { sockets, dies: 1, cores, threads: 1 }, features: [] } : undefined,
    cputune: parseShares(entries, count),
  };
}

function parseAffinity(entries: VmxEntries, vcpus: number): readonly number[] | undefined {
  const written = entries.string("sched.cpu.affinity");
  if (written === undefined || written.toLowerCase() === "all") return undefined;
  const parts = written === "" ? [] : written.split(",");
  if (parts.length < vcpus) {
    throw vmxError(
      `Expecting VMX entry 'sched.cpu.affinity' to contain at least as many values as 'numvcpus' (${vcpus}) but found only ${parts.length} value(s)`,
      "Name a CPU of the host's for each of the machine's.",
    );
  }
  const numbers = parts.map((part) => {
    if (!/^\s*\d+\s*$/.test(part)) {
      throw vmxError(
        `Expecting VMX entry 'sched.cpu.affinity' to be a comma separated list of unsigned integers but found '${written}'`,
        "Write 0,1,2.",
      );
    }
    const number = Number(part);
    if (number < CPUS_MAX) return number;
    const detail = `VMX entry 'sched.cpu.affinity' contains a ${number}, this value is too large`;
    throw vmxError(detail, `${CPUS_MAX - 1} is the last.`);
  });
  return [...new Set(numbers)].sort((a, b) => a - b);
}

const SHARES: ReadonlyMap<string, number> = new Map([
  ["low", 500],
  ["normal", 1000],
  ["high", 2000],
]);

function parseShares(entries: VmxEntries, vcpus: number): Domain["cputune"] {
  const written = entries.string("sched.cpu.shares");
  if (written === undefined) return undefined;
  const level = SHARES.get(written.toLowerCase());
  if (level === undefined && !/^\s*\+?\d+$/.test(written)) {
    throw vmxError(
      `Expecting VMX entry 'sched.cpu.shares' to be an unsigned integer or 'low', 'normal' or 'high' but found '${written}'`,
      'Write sched.cpu.shares = "normal".',
    );
  }
  const shares = level === undefined ? Number(written) : level * vcpus;
  return {
    shares,
    vcpupin: [],
    iothreadpin: [],
    vcpusched: [],
    iothreadsched: [],
    cachetune: [],
    memorytune: [],
  };
}

function parseOs(entries: VmxEntries): Domain["os"] {
  const firmware = entries.string("firmware");
  if (firmware !== undefined && firmware !== "efi") {
    throw vmxError(`VMX entry 'firmware' has unknown value '${firmware}'`, "Write efi, or leave it out.");
  }
  return {
    type: "hvm",
    arch: entries.string("guestOS")?.endsWith("-64") ? "x86_64" : "i686",
    boot: [],
    smbios: entries.boolean("smbios.reflecthost", false) ? "host" : undefined,
    firmware,
  };
}

/** Where the machine is, in elements of libvirt's namespace of VMware. */
function placeOf({ datacenterPath, moref }: VmxReading): Domain["namespace"] {
  const element = (name: string, text: string | undefined): readonly XmlElement[] =>
    text === undefined
      ? []
      : [{ name: `vmware:${name}`, uri: VMWARE_URI, attributes: [], children: [text], line: 1, column: 1 }];
  const elements = [...element("datacenterpath", datacenterPath), ...element("moref", moref)];
  return elements.length === 0 ? undefined : { prefix: "vmware", uri: VMWARE_URI, elements };
}
