import { VirtError } from "@polyvisor/core";
import type { Domain, PciController, PciControllerModelName } from "@polyvisor/sdk/conf";
import { has, type QemuCapabilities } from "../../capabilities/index.js";
import { isPseries } from "../machine.js";
import type { Placement } from "./placement.js";

type Target = NonNullable<PciController["target"]>;

/** Numbers and device names of PCI controllers, which follow from where the controllers are. Called last. */
export function finishPciControllers(placement: Placement, caps: QemuCapabilities): void {
  for (const controller of placement.domain.devices.controllers) {
    if (controller.type !== "pci") continue;
    const bus = placement.pciOf(controller)?.bus ?? 0;
    if (controller.model === "pci-bridge" && controller.index <= bus) {
      const hex = (value: number) => value.toString(16).padStart(2, "0");
      throw new VirtError(
        "CONFIG_UNSUPPORTED",
        `PCI controller at index ${controller.index} (0x${hex(controller.index)}) has bus='0x${hex(bus)}', but index must be larger than bus`,
        { domain: "QEMU" },
      );
    }
    const target = completeTarget(controller, placement);
    placement.replaceController(controller, {
      ...controller,
      modelName: controller.modelName ?? modelName(controller, placement.domain, caps),
      ...(Object.keys(target).length === 0 ? {} : { target }),
    });
  }
}

function modelName(
  { model }: PciController,
  domain: Domain,
  caps: QemuCapabilities,
): PciControllerModelName | undefined {
  switch (model) {
    case "pci-bridge":
      return "pci-bridge";
    case "dmi-to-pci-bridge":
      return "i82801b11-bridge";
    case "pcie-to-pci-bridge":
      return "pcie-pci-bridge";
    case "pcie-root-port":
      return has(caps, "pcie-root-port") ? "pcie-root-port" : "ioh3420";
    case "pcie-switch-upstream-port":
      return "x3130-upstream";
    case "pcie-switch-downstream-port":
      return "xio3130-downstream";
    case "pci-expander-bus":
      return "pxb";
    case "pcie-expander-bus":
      return "pxb-pcie";
    default:
      return model === "pci-root" && isPseries(domain) ? "spapr-pci-host-bridge" : undefined;
  }
}

function completeTarget(controller: PciController, placement: Placement): Target {
  const { index, model, target = {} } = controller;
  const place = placement.pciOf(controller);
  const slot = place?.slot ?? 0;
  switch (model) {
    case "pci-bridge":
      return { ...target, chassisNr: target.chassisNr ?? index };
    case "pcie-root-port":
      return { ...target, chassis: target.chassis ?? index, port: target.port ?? slot * 8 + (place?.function ?? 0) };
    case "pcie-switch-downstream-port":
      return { ...target, chassis: target.chassis ?? index, port: target.port ?? slot };
    case "pci-expander-bus":
    case "pcie-expander-bus":
      return { ...target, busNr: target.busNr ?? freeBusNumber(placement.domain, place?.bus ?? 0) };
    case "pci-root":
      if (!isPseries(placement.domain)) return target;
      return { ...target, index: target.index ?? (index === 0 ? 0 : freeTargetIndex(placement.domain)) };
    default:
      return target;
  }
}

/** Two below the lowest, so that the bus and the bridge inside it have numbers. */
function freeBusNumber(domain: Domain, bus: number): number {
  const numbers = domain.devices.controllers.flatMap((each) => (each.type === "pci" ? (each.target?.busNr ?? []) : []));
  const lowest = Math.min(256, ...numbers);
  if (lowest > 2) return lowest - 2;
  const detail = `No free busNr lower than current lowest busNr is available to auto-assign to bus ${bus}. Must be manually assigned`;
  throw new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "QEMU" });
}

function freeTargetIndex(domain: Domain): number {
  const used = new Set(
    domain.devices.controllers.flatMap((each) => (each.type === "pci" ? (each.target?.index ?? []) : [])),
  );
  for (let index = 1; index <= 31; index++) if (!used.has(index)) return index;
  throw new VirtError("CONFIG_UNSUPPORTED", "No usable target index found for 0", { domain: "QEMU" });
}
