import { isDeepStrictEqual } from "node:util";
import { VirtError } from "@polyvisor/core";
import { maybeAddControllers } from "../controllers.js";
import { withDevices } from "../devices.js";
import { DEVICES_MAX } from "../limits.js";
import type {
  Address,
  ChardevSource,
  Console,
  Controller,
  Domain,
  ScsiController,
  Serial,
  Smartcard,
} from "../model/index.js";

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
      const serial: Serial = { kind: "serial", target: { port: 0 }, ...rest };
      return withDevices(domain, {
        serials: [serial],
        consoles: [{ ...FIRST_CONSOLE, source: first.source }, ...others],
      });
    }
    const shown = serials[0]?.source;
    if (shown === undefined || isDeepStrictEqual(shown, first.source)) return domain;
    return withDevices(domain, { consoles: [{ ...FIRST_CONSOLE, source: shown }, ...others] });
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
  const wanted: Controller[] = [];
  for (const type of DISK_CONTROLLERS) {
    const highest = domain.devices.disks.reduce(
      (most, disk) => (disk.target.bus === type ? Math.max(most, controllerOf(disk.address, "drive")) : most),
      -1,
    );
    rejectFar(type, highest);
    for (let index = 0; index <= highest; index++) wanted.push(plain(type, index));
  }
  for (const each of [...domain.devices.channels, ...domain.devices.consoles]) {
    if (each.target.type !== "virtio") continue;
    const index = Math.max(0, controllerOf(each.address, "virtio-serial"));
    wanted.push({ kind: "controller", type: "virtio-serial", index });
  }
  return addScsiHostControllers(addSmartcardControllers(maybeAddControllers(domain, wanted)));
}

/** All controllers up to the one that is named are made, so that the last cannot be just any. */
function rejectFar(type: string, index: number): void {
  if (index < DEVICES_MAX) return;
  throw new VirtError("XML_ERROR", `${type} controller index ${index} too high, maximum is ${DEVICES_MAX - 1}`, {
    domain: "DOMAIN",
    hint: "Number controllers from 0; a disk's name or its address asks for this one.",
  });
}

function plain(type: (typeof DISK_CONTROLLERS)[number], index: number): Controller {
  return { kind: "controller", type, index };
}

function controllerOf(address: Address | undefined, type: "drive" | "virtio-serial"): number {
  return address !== undefined && address.type === type && "controller" in address ? address.controller : -1;
}

function addSmartcardControllers(domain: Domain): Domain {
  const { smartcards } = domain.devices;
  if (smartcards.length === 0) return domain;
  let highest = smartcards.reduce(
    (most, { address }) => (address?.type === "ccid" && address.controller === 0 ? Math.max(most, address.slot) : most),
    -1,
  );
  const cards = smartcards.map(
    (card): Smartcard =>
      card.address === undefined ? { ...card, address: { type: "ccid", controller: 0, slot: ++highest } } : card,
  );
  const wanted = cards.map(({ address }): Controller => {
    const index = address?.type === "ccid" ? address.controller : 0;
    return { kind: "controller", type: "ccid", index };
  });
  return withDevices(maybeAddControllers(domain, wanted), { smartcards: cards });
}

/** SCSI host devices sit on controllers of the model that the first of them already has. */
function addScsiHostControllers(domain: Domain): Domain {
  let most = -1;
  let model: ScsiController["model"];
  const scsi = new Map<number, Controller>();
  for (const each of domain.devices.controllers) {
    if (each.type === "scsi" && !scsi.has(each.index)) scsi.set(each.index, each);
  }
  for (const { source, address } of domain.devices.hostdevs) {
    if (source.type !== "scsi" || address?.type !== "drive" || address.controller <= most) continue;
    most = address.controller;
    const there = scsi.get(most);
    if (there?.type === "scsi" && there.model !== undefined) model = there.model;
  }
  rejectFar("scsi", most);
  const wanted = Array.from(
    { length: most + 1 },
    (_, index): Controller => ({ kind: "controller", type: "scsi", index, model }),
  );
  return maybeAddControllers(domain, wanted);
}

function addImplicitVideo(domain: Domain): Domain {
  const { graphics, videos } = domain.devices;
  if (graphics.length === 0 || videos.length > 0) return domain;
  return withDevices(domain, { videos: [{ kind: "video", model: { heads: 1 } }] });
}
