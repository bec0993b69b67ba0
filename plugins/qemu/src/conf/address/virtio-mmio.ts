import { has, type QemuCapabilities } from "../../capabilities/index.js";
import { isArmVirt, isRiscvVirt } from "../machine.js";
import { rootModel } from "./pci-connect.js";
import { type Placement, placedDevices } from "./placement.js";
import { homelessVirtio } from "./virtio-devices.js";

/** ARM and RISC-V boards have virtio without PCI; it is used where PCI cannot be, or where the guest already uses it. */
export function assignVirtioMmio(placement: Placement, caps: QemuCapabilities): void {
  const { domain } = placement;
  if (!/^(armv6l|armv7l|aarch64|riscv)/.test(domain.os.arch ?? "")) return;
  const vexpress = domain.os.machine?.startsWith("vexpress-") === true;
  if (!vexpress && !isArmVirt(domain) && !isRiscvVirt(domain)) return;
  const pcie = rootModel(domain) === "pcie-root" && (has(caps, "pcie-root-port") || has(caps, "ioh3420"));
  const used = placedDevices(domain).some((device) => device.address?.type === "virtio-mmio");
  if ((pcie && !used) || !has(caps, "virtio-mmio")) return;
  for (const device of homelessVirtio(placement)) placement.place(device, { type: "virtio-mmio" });
}
