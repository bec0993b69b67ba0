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

/** The same for many at once. */
export function maybeAddControllers(domain: Domain, wanted: readonly Controller[]): Domain {
  const key = ({ type, index }: Controller): string => `${type} ${index}`;
  const there = new Set(domain.devices.controllers.map(key));
  const added = wanted.filter((each) => {
    if (there.has(key(each))) return false;
    there.add(key(each));
    return true;
  });
  return added.length === 0 ? domain : withDevices(domain, { controllers: [...domain.devices.controllers, ...added] });
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
  const free = new FreeIndexes(domain.devices.controllers);
  const companions = new Set<string>();
  const key = (each: UsbController, index: number): string => `${each.model} ${index}`;
  for (const each of domain.devices.controllers) if (isUsb2(each)) companions.add(key(each, each.index));
  let neighbour: Controller | undefined;
  const controllers = domain.devices.controllers.map((controller) => {
    let indexed = controller;
    if (controller.index === -1) {
      const shared = isUsb2(controller) && isUsb2(neighbour) && !companions.has(key(controller, neighbour.index));
      indexed = { ...controller, index: shared ? (neighbour?.index ?? 0) : free.take(controller.type) };
      if (isUsb2(indexed)) companions.add(key(indexed, indexed.index));
    }
    if (indexed.type === "usb") neighbour = indexed;
    return indexed;
  });
  return withDevices(domain, { controllers });
}

/** The indexes that no controller of a type has, lowest first. */
class FreeIndexes {
  readonly #used = new Map<ControllerType, Set<number>>();
  readonly #next = new Map<ControllerType, number>();

  constructor(controllers: readonly Controller[]) {
    for (const { type, index } of controllers) this.#usedBy(type).add(index);
  }

  take(type: ControllerType): number {
    const used = this.#usedBy(type);
    let index = this.#next.get(type) ?? 0;
    while (used.has(index)) index++;
    this.#next.set(type, index + 1);
    return index;
  }

  #usedBy(type: ControllerType): Set<number> {
    const used = this.#used.get(type) ?? new Set();
    this.#used.set(type, used);
    return used;
  }
}
