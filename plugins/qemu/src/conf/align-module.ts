import { VirtError } from "@polyvisor/core";
import { type Domain, type MemoryDevice, mapDevices } from "@polyvisor/sdk/conf/domain";

const MEBIBYTE = 1024;
const PSERIES_BLOCK = 256 * MEBIBYTE;

export function isPpc64(domain: Pick<Domain, "os">): boolean {
  return (domain.os.arch ?? "").startsWith("ppc64");
}

/** KiB to which the memory at boot is rounded up. */
export function bootAlignment(domain: Pick<Domain, "os">): number {
  return isPpc64(domain) ? PSERIES_BLOCK : MEBIBYTE;
}

/** A memory module of a size that the machine takes. */
export function alignModule<M extends MemoryDevice>(memory: M, domain: Pick<Domain, "os">): M {
  const { size } = memory.target;
  const ppc64 = isPpc64(domain);
  if (ppc64 && memory.model === "nvdimm") return withSize(memory, nvdimmSize(size, memory.target.labelSize ?? 0));
  const block = ppc64 ? PSERIES_BLOCK : 2 * MEBIBYTE;
  return withSize(memory, Math.ceil(size / block) * block);
}

function withSize<M extends MemoryDevice>(memory: M, size: number): M {
  return { ...memory, target: { ...memory.target, size } };
}

/** Rounded down, since the file behind it must not be written past its end; the label is no memory. */
function nvdimmSize(size: number, label: number): number {
  const area = size - label;
  if (area < PSERIES_BLOCK) {
    throw new VirtError("XML_ERROR", "minimum target size for the NVDIMM must be 256MB plus the label size", {
      domain: "QEMU",
    });
  }
  return Math.floor(area / PSERIES_BLOCK) * PSERIES_BLOCK + label;
}

/** Modules of new guests on POWER are written down as large as they will be. */
export function alignNewModules(domain: Domain): Domain {
  return isPpc64(domain) ? mapDevices(domain, { memory: (memory) => alignModule(memory, domain) }) : domain;
}
