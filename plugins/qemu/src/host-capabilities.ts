import { readHostUuid, readTopology } from "@polyvisor/sdk/host";
import { attr, XmlWriter } from "@polyvisor/sdk/xml";
import {
  type CapabilitiesCache,
  findEmulator,
  GUEST_ARCHES,
  hostArch,
  type MachineType,
  type QemuCapabilities,
} from "./capabilities/index.js";

/** An emulator and the architecture of the guests that it runs. */
interface Emulator {
  readonly arch: string;
  readonly caps: QemuCapabilities;
}

/** The capabilities document: the host, then each architecture for which an emulator is here. */
export async function hostCapabilities(cache: CapabilitiesCache): Promise<string> {
  const writer = new XmlWriter();
  const emulators = await findEmulators(cache);
  const host = new XmlWriter(1);
  await writeHost(host);
  writer.block("capabilities", "", () => {
    writer.raw(`\n${host}`);
    for (const emulator of emulators) {
      writer.raw("\n");
      writeGuest(writer, emulator);
    }
    writer.raw("\n");
  });
  return writer.toString();
}

/** An emulator that does not answer is left out: the others are still good. */
async function findEmulators(cache: CapabilitiesCache): Promise<Emulator[]> {
  const found = await Promise.all(
    GUEST_ARCHES.map(async (arch) => {
      const path = await findEmulator(arch);
      if (path === undefined) return undefined;
      const caps = await cache.lookup(path).catch(() => undefined);
      return caps === undefined ? undefined : { arch, caps };
    }),
  );
  return found.filter((emulator) => emulator !== undefined);
}

async function writeHost(writer: XmlWriter): Promise<void> {
  const [uuid, cells] = await Promise.all([readHostUuid(), readTopology()]);
  const sizes = cells[0]?.pages.map((page) => page.size) ?? [];
  writer.block("host", "", () => {
    writer.leaf("uuid", uuid);
    writer.block("cpu", "", () => {
      writer.leaf("arch", hostArch());
      for (const size of sizes) writer.empty("pages", `${attr("unit", "KiB")}${attr("size", size)}`);
    });
    writer.empty("power_management");
    writer.block("migration_features", "", () => {
      writer.empty("live");
      writer.block("uri_transports", "", () => writer.leaf("uri_transport", "tcp"));
    });
    writer.block("topology", "", () => {
      writer.block("cells", attr("num", cells.length), () => {
        for (const cell of cells) writeCell(writer, cell);
      });
    });
    writer.block("secmodel", "", () => {
      writer.leaf("model", "none");
      writer.leaf("doi", 0);
    });
  });
}

function writeCell(writer: XmlWriter, cell: Awaited<ReturnType<typeof readTopology>>[number]): void {
  writer.block("cell", attr("id", cell.id), () => {
    writer.leaf("memory", cell.memory, attr("unit", "KiB"));
    for (const { size, count } of cell.pages)
      writer.leaf("pages", count, `${attr("unit", "KiB")}${attr("size", size)}`);
    writer.element("distances", "", () => {
      for (const [id, value] of cell.distances.entries())
        writer.empty("sibling", `${attr("id", id)}${attr("value", value)}`);
    });
    writer.block("cpus", attr("num", cell.cpus.length), () => {
      for (const cpu of cell.cpus) {
        const place = `${attr("socket_id", cpu.socket)}${attr("die_id", cpu.die)}${attr("core_id", cpu.core)}`;
        writer.empty("cpu", `${attr("id", cpu.id)}${place}${attr("siblings", cpu.siblings.join(","))}`);
      }
    });
  });
}

const WORD_SIZES: Readonly<Record<string, number>> = {
  i686: 32,
  armv7l: 32,
  armv6l: 32,
  mips: 32,
  ppc: 32,
  riscv32: 32,
};

function writeGuest(writer: XmlWriter, { arch, caps }: Emulator): void {
  writer.block("guest", "", () => {
    writer.leaf("os_type", "hvm");
    writer.block("arch", attr("name", arch), () => {
      writer.leaf("wordsize", WORD_SIZES[arch] ?? 64);
      writer.leaf("emulator", caps.emulator);
      for (const machine of (caps.tcg ?? caps.kvm)?.machines ?? []) writeMachine(writer, machine);
      if (caps.tcg !== undefined) writer.empty("domain", attr("type", "qemu"));
      if (caps.kvm !== undefined) writer.empty("domain", attr("type", "kvm"));
    });
    writeGuestFeatures(writer, arch);
  });
}

function writeMachine(writer: XmlWriter, { name, alias, maxCpus, deprecated }: MachineType): void {
  const rest = `${attr("maxCpus", maxCpus)}${deprecated ? attr("deprecated", "yes") : ""}`;
  writer.leaf("machine", name, rest);
  if (alias !== undefined) writer.leaf("machine", alias, `${attr("canonical", name)}${rest}`);
}

function writeGuestFeatures(writer: XmlWriter, arch: string): void {
  const isX86 = arch === "x86_64" || arch === "i686";
  writer.block("features", "", () => {
    if (isX86) writer.empty("acpi", `${attr("default", "on")}${attr("toggle", "yes")}`);
    if (isX86) writer.empty("apic", `${attr("default", "on")}${attr("toggle", "no")}`);
    if (arch === "i686") writer.empty("pae");
    if (arch === "i686") writer.empty("nonpae");
    writer.empty("cpuselection");
    writer.empty("deviceboot");
    writer.empty("disksnapshot", `${attr("default", "on")}${attr("toggle", "no")}`);
  });
}
