import type { Iommu, Rng, Watchdog } from "@polyvisor/sdk/conf";
import { addressProps } from "./address.js";
import { chardevArgs } from "./chardev.js";
import { aliasOf, type Build, notYet } from "./context.js";
import { fromOnOff, type Props, positive } from "./props.js";
import { virtioProps } from "./virtio.js";

export function iommuArgs(build: Build): void {
  const { iommu } = build.domain.devices;
  if (iommu?.model === "intel") build.args.device(intelIommuProps(iommu));
  if (iommu?.model === "virtio")
    build.args.device({ driver: "virtio-iommu", id: aliasOf(iommu), ...addressProps(build, iommu) });
}

function intelIommuProps(iommu: Iommu): Props {
  return {
    driver: "intel-iommu",
    id: aliasOf(iommu),
    intremap: iommu.driver?.intremap,
    "caching-mode": fromOnOff(iommu.driver?.cachingMode),
    eim: iommu.driver?.eim,
    "device-iotlb": fromOnOff(iommu.driver?.iotlb),
    "aw-bits": positive(iommu.driver?.awBits),
  };
}

export function watchdogArgs(build: Build): void {
  const { watchdog } = build.domain.devices;
  if (watchdog === undefined) return;
  build.args.device({ driver: watchdog.model, id: aliasOf(watchdog), ...addressProps(build, watchdog) });
  build.args.watchdogAction(watchdogActionOf(watchdog));
}

/** QEMU cannot dump the guest by itself: it stops, we are told, and dump then. */
function watchdogActionOf({ action }: Watchdog): string {
  return action === "dump" ? "pause" : action;
}

export function memballoonArgs(build: Build): void {
  const { memballoon } = build.domain.devices;
  if (memballoon === undefined || memballoon.model === "none" || memballoon.model === "xen") return;
  build.args.device({
    ...virtioProps(build, "virtio-balloon", memballoon, memballoon.model),
    id: aliasOf(memballoon),
    "deflate-on-oom": fromOnOff(memballoon.autodeflate),
    "free-page-reporting": fromOnOff(memballoon.freePageReporting),
    ...addressProps(build, memballoon),
  });
}

export function rngArgs(build: Build): void {
  for (const rng of build.domain.devices.rngs) {
    if (rng.backend.model === "egd")
      chardevArgs(build, rng.backend.source, `char${aliasOf(rng)}`, { device: aliasOf(rng) });
    build.args.object(rngBackendProps(rng));
    build.args.device({
      ...virtioProps(build, "virtio-rng", rng, rng.model),
      rng: `obj${aliasOf(rng)}`,
      id: aliasOf(rng),
      "max-bytes": positive(rng.rate?.bytes),
      period: rng.rate === undefined ? undefined : (positive(rng.rate.period) ?? 1000),
      ...addressProps(build, rng),
    });
  }
}

function rngBackendProps(rng: Rng): Props {
  const id = `obj${aliasOf(rng)}`;
  switch (rng.backend.model) {
    case "random":
      return { "qom-type": "rng-random", id, filename: rng.backend.path ?? "/dev/urandom" };
    case "egd":
      return { "qom-type": "rng-egd", id, chardev: `char${aliasOf(rng)}` };
    case "builtin":
      return { "qom-type": "rng-builtin", id };
  }
}

export function nvramArgs({ args, domain }: Build): void {
  const address = domain.devices.nvram?.address;
  if (address?.type === "spapr-vio" && address.reg !== undefined)
    args.add("-global", `spapr-nvram.reg=0x${address.reg.toString(16)}`);
}

export function vmcoreinfoArgs({ args, domain }: Build): void {
  if (domain.features.vmcoreinfo === "on") args.device({ driver: "vmcoreinfo" });
}

/** The other models are no devices: the hypervisor or the board has them. */
export function panicArgs({ args, domain }: Build): void {
  for (const panic of domain.devices.panics) {
    if (panic.model !== "isa") continue;
    const ioport = panic.address?.type === "isa" ? panic.address.iobase : undefined;
    args.device({ driver: "pvpanic", ioport });
  }
}

export function vsockArgs(build: Build): void {
  const { vsock } = build.domain.devices;
  if (vsock === undefined) return;
  const fd = build.runtime.vhostFds?.get(aliasOf(vsock));
  if (fd === undefined || vsock.cid.address === undefined) throw notYet("a vsock device");
  build.args.device({
    ...virtioProps(build, "vhost-vsock", vsock, vsock.model),
    id: aliasOf(vsock),
    "guest-cid": vsock.cid.address,
    vhostfd: build.args.descriptor(fd, `${aliasOf(vsock)}-vhost`),
    ...addressProps(build, vsock),
  });
}

export function genidArgs({ args, domain }: Build): void {
  if (domain.genid?.uuid !== undefined) args.device({ driver: "vmgenid", guid: domain.genid.uuid, id: "vmgenid0" });
}
