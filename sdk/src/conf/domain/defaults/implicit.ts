import { VirtError } from "@polyvisor/core";
import { maybeAddController } from "../controllers.js";
import { withDevices } from "../devices.js";
import type { Address, ChardevSource, Console, Controller, Domain, ScsiController, Serial } from "../model/index.js";

/** Devices that others call for: the first console's serial port and the other way round, controllers, a video card. */
export function addImplicitDevices(domain: Domain): Domain {
  return addImplicitVideo(addImplicitControllers(mirrorFirstConsole(domain)));
}

const FIRST_CONSOLE: Console = {
  kind: "console",
  source: { type: "null" },
  target: { type: "serial", port: 0 },
};

/** Serial ports whose console is a console. */
const WITH_CONSOLE: ReadonlySet<string | undefined> = new Set([
  undefined,
  "isa-serial",
  "spapr-vio-serial",
  "system-serial",
  "sclp-serial",
]);

/** The first console of a machine is its first serial port: each makes the other. */
function mirrorFirstConsole(domain: Domain): Domain {
  const { consoles, serials } = domain.devices;
  const [first, ...others] = consoles;
  if (others.some((each) => each.target.type === "serial")) {
    throw new VirtError("CONFIG_UNSUPPORTED", "Only the first console can be a serial port", {
      domain: "DOMAIN",
      hint: "Give further consoles <target type='virtio'/>.",
    });
  }
  if (domain.os.type !== "hvm") return domain;
  if (first !== undefined && (first.target.type === "serial" || first.target.type === undefined)) {
    if (serials.length === 0) {
      const { kind: _kind, target: _target, ...rest } = first;
      const serial: Serial = { ...rest, kind: "serial", target: { port: 0 } };
      return withDevices(domain, {
        serials: [serial],
        consoles: [{ ...FIRST_CONSOLE, source: first.source }, ...others],
      });
    }
    return domain;
  }
  const serial = serials[0];
  if (serial === undefined || !WITH_CONSOLE.has(serial.target.type)) return domain;
  return withDevices(domain, { consoles: [{ ...FIRST_CONSOLE, source: serial.source }, ...consoles] });
}

/** Whether two host ends are the same. */
export function sameSource(a: ChardevSource, b: ChardevSource): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const DISK_CONTROLLERS = ["scsi", "fdc", "ide", "sata"] as const;

function addImplicitControllers(domain: Domain): Domain {
  let result = domain;
  for (const type of DISK_CONTROLLERS) {
    const used = domain.devices.disks.map((disk) =>
      disk.target.bus === type ? controllerOf(disk.address, "drive") : -1,
    );
    for (let index = 0; index <= Math.max(-1, ...used); index++) {
      result = maybeAddController(result, plain(type, index));
    }
  }
  for (const each of [...domain.devices.channels, ...domain.devices.consoles]) {
    if (each.target.type !== "virtio") continue;
    const index = Math.max(0, controllerOf(each.address, "virtio-serial"));
    result = maybeAddController(result, { kind: "controller", type: "virtio-serial", index });
  }
  return addScsiHostControllers(addSmartcardControllers(result));
}

function plain(type: (typeof DISK_CONTROLLERS)[number], index: number): Controller {
  return { kind: "controller", type, index };
}

function controllerOf(address: Address | undefined, type: "drive" | "virtio-serial"): number {
  return address !== undefined && address.type === type && "controller" in address ? address.controller : -1;
}

function addSmartcardControllers(domain: Domain): Domain {
  let result = domain;
  const cards = [...domain.devices.smartcards];
  cards.forEach((card, at) => {
    if (card.address === undefined) {
      const slots = cards.map(({ address }) =>
        address?.type === "ccid" && address.controller === 0 ? address.slot : -1,
      );
      cards[at] = { ...card, address: { type: "ccid", controller: 0, slot: Math.max(-1, ...slots) + 1 } };
    }
    const address = cards[at]?.address;
    const index = address?.type === "ccid" ? address.controller : 0;
    result = maybeAddController(result, { kind: "controller", type: "ccid", index });
  });
  return cards.length === 0 ? result : withDevices(result, { smartcards: cards });
}

/** SCSI host devices sit on controllers of the model that the first of them already has. */
function addScsiHostControllers(domain: Domain): Domain {
  let most = -1;
  let model: ScsiController["model"];
  for (const { source, address } of domain.devices.hostdevs) {
    if (source.type !== "scsi" || address?.type !== "drive" || address.controller <= most) continue;
    most = address.controller;
    const there = domain.devices.controllers.find((each) => each.type === "scsi" && each.index === most);
    if (there?.type === "scsi" && there.model !== undefined) model = there.model;
  }
  let result = domain;
  for (let index = 0; index <= most; index++) {
    result = maybeAddController(result, { kind: "controller", type: "scsi", index, model });
  }
  return result;
}

function addImplicitVideo(domain: Domain): Domain {
  const { graphics, videos } = domain.devices;
  if (graphics.length === 0 || videos.length > 0) return domain;
  return withDevices(domain, { videos: [{ kind: "video", model: { heads: 1 } }] });
}
