import { withDevices } from "./devices.js";
import type { Controller, ControllerType, Domain, UsbController, UsbControllerModel } from "./model/index.js";

/** The lowest index that no controller of the type has. */
export function unusedControllerIndex(controllers: readonly Controller[], type: ControllerType): number {
  const used = new Set(controllers.filter((each) => each.type === type).map((each) => each.index));
  let index = 0;
  while (used.has(index)) index++;
  return index;
}

/** The domain with one more controller, after all others; index -1 takes the next free one. */
export function addController(domain: Domain, controller: Controller): Domain {
  const { controllers } = domain.devices;
  const index = controller.index >= 0 ? controller.index : unusedControllerIndex(controllers, controller.type);
  return withDevices(domain, { controllers: [...controllers, { ...controller, index }] });
}

/** The same unless there is one of that type and index. */
export function maybeAddController(domain: Domain, controller: Controller): Domain {
  const there = domain.devices.controllers.some(
    (each) => each.type === controller.type && each.index === controller.index,
  );
  return there ? domain : addController(domain, controller);
}

/** A USB controller; an ICH9 EHCI comes with its three companions. */
export function addUsbController(domain: Domain, model: UsbControllerModel | undefined): Domain {
  const master: UsbController = { kind: "controller", type: "usb", index: -1, model };
  const first = addController(domain, master);
  if (model !== "ich9-ehci1") return first;
  const index = first.devices.controllers.at(-1)?.index ?? 0;
  return (["ich9-uhci1", "ich9-uhci2", "ich9-uhci3"] as const).reduce(
    (all, companion, at) =>
      addController(all, { kind: "controller", type: "usb", index, model: companion, masterStartport: at * 2 }),
    first,
  );
}

const USB2: ReadonlySet<string> = new Set(["ich9-ehci1", "ich9-uhci1", "ich9-uhci2", "ich9-uhci3"]);

function isUsb2(controller: Controller | undefined): controller is UsbController {
  return controller?.type === "usb" && controller.model !== undefined && USB2.has(controller.model);
}

/** Gives controllers without an index one; a USB 2 companion takes its neighbour's. */
export function assignControllerIndexes(domain: Domain): Domain {
  if (domain.devices.controllers.every((each) => each.index >= 0)) return domain;
  const controllers = [...domain.devices.controllers];
  controllers.forEach((controller, at) => {
    if (controller.index !== -1) return;
    const neighbour = isUsb2(controller) ? controllers.slice(0, at).findLast((each) => each.type === "usb") : undefined;
    const taken = controllers.some(
      (each) =>
        isUsb2(each) && each.index === neighbour?.index && isUsb2(controller) && each.model === controller.model,
    );
    const index = isUsb2(neighbour) && !taken ? neighbour.index : unusedControllerIndex(controllers, controller.type);
    controllers[at] = { ...controller, index };
  });
  return withDevices(domain, { controllers });
}
