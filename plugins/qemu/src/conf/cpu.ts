import { VirtError } from "@polyvisor/core";
import type { Cpu, CpuFeature, Domain } from "@polyvisor/sdk/conf";
import { accelOf, has, isX86, type QemuCapabilities, type VirtType } from "../capabilities/index.js";

/** The architectures whose processor models libvirt knows. */
const KNOWN = /^(i686|x86_64|arm|aarch64|ppc64|s390)/;

export function virtTypeOf(domain: Pick<Domain, "type">): VirtType {
  return domain.type === "kvm" || domain.type === "hvf" ? domain.type : "qemu";
}

/** The guest's processor with everything that a new or stored configuration leaves open. */
export function completeCpu(domain: Domain, caps: QemuCapabilities): Domain {
  const cpu = defaultCpu(domain, caps);
  if (cpu === undefined) return domain;
  return { ...domain, cpu: withCheck(withMigratable(withSve(fillNuma(cpu, domain)), domain, caps), domain) };
}

/** A domain that names no processor gets the one that its machine has by default. */
function defaultCpu(domain: Domain, caps: QemuCapabilities): Cpu | undefined {
  const { cpu } = domain;
  if (cpu !== undefined && ((cpu.mode ?? "custom") !== "custom" || cpu.model !== undefined)) return cpu;
  const arch = domain.os.arch ?? "";
  if (!KNOWN.test(arch)) return cpu;
  const type = virtTypeOf(domain);
  // Elsewhere what QEMU calls the default is only true of guests that it emulates.
  if (!isX86(arch) && !/^(s390|ppc64)/.test(arch) && type !== "qemu") return cpu;
  const accel = accelOf(caps, type);
  const typename = accel?.machines.find((machine) => machine.name === domain.os.machine)?.defaultCpu;
  const model = typename && accel?.cpus.find((each) => each.typename === typename)?.name;
  if (!model) return cpu;
  if (model !== "host")
    return { features: [], ...cpu, check: "none", mode: "custom", match: "exact", fallback: "forbid", model };
  if (domain.type !== "kvm") {
    throw new VirtError(
      "INTERNAL_ERROR",
      'QEMU reports invalid default CPU model "host" for non-kvm domain virt type',
      {
        domain: "QEMU",
      },
    );
  }
  return { features: [], ...cpu, mode: arch.startsWith("s390") && accel?.hostCpu ? "host-model" : "host-passthrough" };
}

/** Every processor belongs to a NUMA node; those that no node names are in the first. */
function fillNuma(cpu: Cpu, domain: Domain): Cpu {
  const [first, ...others] = cpu.numa?.cells ?? [];
  if (first === undefined) return cpu;
  const named = [first, ...others].reduce((sum, cell) => sum + (cell.cpus?.length ?? 0), 0);
  if (named >= domain.vcpu.max) return cpu;
  const elsewhere = new Set(others.flatMap((cell) => cell.cpus ?? []));
  const all = Array.from({ length: domain.vcpu.max }, (_, id) => id);
  return {
    ...cpu,
    numa: { ...cpu.numa, cells: [{ ...first, cpus: all.filter((id) => !elsewhere.has(id)) }, ...others] },
  };
}

/** Asking for a length of SVE vectors asks for SVE. */
function withSve(cpu: Cpu): Cpu {
  if (!cpu.features.some(({ name }) => name.startsWith("sve") && name !== "sve")) return cpu;
  const sve = cpu.features.find(({ name }) => name === "sve");
  const required: CpuFeature = { name: "sve", policy: "require" };
  if (sve === undefined) return { ...cpu, features: [...cpu.features, required] };
  if (sve.policy === "disable" || sve.policy === "forbid") {
    throw new VirtError("CONFIG_UNSUPPORTED", "SVE disabled, but SVE vector lengths provided", { domain: "QEMU" });
  }
  return { ...cpu, features: cpu.features.map((each) => (each === sve ? required : each)) };
}

/** A running guest keeps what it was started with. */
function withMigratable(cpu: Cpu, domain: Domain, caps: QemuCapabilities): Cpu {
  if (domain.id !== undefined || cpu.mode !== "host-passthrough" || cpu.migratable !== undefined) return cpu;
  if (has(caps, "cpu.migratable")) return { ...cpu, migratable: "on" };
  return isX86(domain.os.arch ?? "") ? { ...cpu, migratable: "off" } : cpu;
}

function withCheck(cpu: Cpu, domain: Domain): Cpu {
  const mode = cpu.mode ?? "custom";
  if (cpu.check !== undefined || (mode === "custom" && cpu.model === undefined)) return cpu;
  if (mode === "host-model") return { ...cpu, check: "partial" };
  // An emulated processor needs nothing of the host's.
  return { ...cpu, check: mode === "custom" && domain.type !== "qemu" ? "partial" : "none" };
}
