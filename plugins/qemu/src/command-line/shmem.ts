import { VirtError } from "@polyvisor/core";
import type { Shmem } from "@polyvisor/sdk/conf";
import { addressProps } from "./address.js";
import { chardevArgs } from "./chardev.js";
import { aliasOf, type Build, refuse } from "./context.js";
import { fromOnOff, type Props, positive } from "./props.js";

const MEBIBYTE = 1024 * 1024;

/** The socket of the server that hands shared memory to its guests, where the configuration names none. */
const SERVER_FOLDER = "/var/lib/libvirt/shmem-";

export function shmemArgs(build: Build): void {
  for (const shmem of build.domain.devices.shmems) {
    checkSize(shmem);
    if (shmem.address?.type !== "pci") throw refuse("only 'pci' addresses are supported for the shared memory device");
    if (shmem.model === "ivshmem-plain")
      build.args.object({
        "qom-type": "memory-backend-file",
        id: `shmmem-${aliasOf(shmem)}`,
        "mem-path": `/dev/shm/${shmem.name}`,
        size: shmem.size ?? 0,
        share: true,
      });
    build.args.device({ ...modelProps(shmem), ...addressProps(build, shmem) });
    if (shmem.server === undefined) continue;
    const path = shmem.server.path ?? shmemSocket(shmem);
    chardevArgs(build, { type: "unix", mode: "connect", path }, `char${aliasOf(shmem)}`);
  }
}

export function shmemSocket({ name }: Shmem): string {
  return `${SERVER_FOLDER}${name}-sock`;
}

function checkSize({ size }: Shmem): void {
  if (size === undefined || size === 0) return;
  const bad = (detail: string) => new VirtError("XML_ERROR", detail, { domain: "QEMU" });
  if (!Number.isInteger(Math.log2(size))) throw bad("shmem size must be a power of two");
  if (size < MEBIBYTE) throw bad("shmem size must be at least 1 MiB (1024 KiB)");
}

function modelProps(shmem: Shmem): Props {
  const id = aliasOf(shmem);
  const interrupts = { vectors: positive(shmem.msi?.vectors), ioeventfd: fromOnOff(shmem.msi?.ioeventfd) };
  const chardev = shmem.server === undefined ? undefined : `char${id}`;
  const plain = shmem.server === undefined;
  if (shmem.model === undefined || shmem.model === "ivshmem")
    return {
      driver: "ivshmem",
      id,
      size: `${Math.floor((shmem.size ?? 0) / MEBIBYTE)}m`,
      shm: plain ? shmem.name : undefined,
      chardev,
      msi: shmem.msi === undefined ? undefined : true,
      ...interrupts,
    };
  const master = plain && shmem.role !== undefined ? (shmem.role === "master" ? "on" : "off") : undefined;
  return { driver: shmem.model, id, chardev, memdev: plain ? `shmmem-${id}` : undefined, master, ...interrupts };
}
