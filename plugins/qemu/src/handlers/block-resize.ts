import type { Domain, DomainBlockHandlers } from "@polyvisor/core";
import type { Disk, Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import { isEmptySource } from "../command-line/disks.js";
import { checkFlags, qemuError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";
import { withGuest } from "./lifecycle.js";

/** `VIR_DOMAIN_BLOCK_RESIZE_BYTES`: the size is in bytes, else in KiB. */
const BYTES = 1;
const MOST = 2n ** 64n - 1n;
const SECTOR = 512n;

/** The size of a disk that a running guest has. */
export function blockResizeHandlers(hypervisor: Hypervisor): Pick<DomainBlockHandlers, "domainBlockResize"> {
  return {
    domainBlockResize: ({ dom, disk, size, flags }) => resize(hypervisor, dom, disk, BigInt(size), flags),
  };
}

async function resize(hypervisor: Hypervisor, dom: Domain, name: string, size: bigint, flags: number): Promise<void> {
  checkFlags(flags, BYTES, "qemuDomainBlockResize");
  if ((flags & BYTES) === 0 && size > MOST / 1024n)
    throw qemuError("OVERFLOW", `size must be less than ${MOST / 1024n}`);
  const bytes = (flags & BYTES) === 0 ? size * 1024n : size;
  await withGuest(hypervisor, dom, { kind: "modify", api: "domainBlockResize" }, async (guest) => {
    const disk = diskNamed(guest.config, name);
    if (disk.source.type === "vhostuser")
      throw qemuError("OPERATION_UNSUPPORTED", "block resize is not supported for vhostuser disk");
    if (isEmptySource(disk.source) || disk.readonly === true)
      throw qemuError("OPERATION_UNSUPPORTED", `can't resize empty or readonly disk '${disk.target.dev}'`);
    const node = { "node-name": `libvirt-${disk.source.index}-format` };
    await guest.qmp("block_resize", { ...node, size: Number(rounded(disk, bytes)) });
  });
}

/** Images of these formats consist of sectors. */
function rounded({ driver }: Disk, bytes: bigint): bigint {
  if (driver?.type !== "qcow2" && driver?.type !== "qed") return bytes;
  return ((bytes + SECTOR - 1n) / SECTOR) * SECTOR;
}

/** By the name of its target, or the path of its image. */
function diskNamed({ devices }: DomainConfig, name: string): Disk {
  const isIt = ({ source, target }: Disk) => target.dev === name || ("path" in source && source.path === name);
  const disk = devices.disks.find(isIt);
  if (disk !== undefined) return disk;
  throw qemuError("INVALID_ARG", `disk '${name}' was not found in the domain config`);
}
