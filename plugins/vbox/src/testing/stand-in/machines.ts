import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Refusal, syntax } from "./refusal.js";
import type { Machine, Medium, World } from "./state.js";
import type { Words } from "./words.js";

/** A machine by name or UUID. */
export function findMachine(world: World, name: string): Machine {
  const found = world.machines.find((machine) => machine.name === name || machine.uuid === name.toLowerCase());
  if (found === undefined)
    throw new Refusal(`Could not find a registered machine named '${name}'`, "VBOX_E_OBJECT_NOT_FOUND");
  return found;
}

export function newMachine(folder: string, name: string, uuid: string): Machine {
  return {
    uuid,
    name,
    state: "poweroff",
    since: now(),
    settings: {
      ...{ CfgFile: join(folder, name, `${name}.vbox`), SnapFldr: join(folder, name, "Snapshots") },
      ...{ LogFldr: join(folder, name, "Logs"), ostype: "Other/Unknown", memory: "128", vram: "8", cpus: "1" },
      ...{ pae: "on", acpi: "on", ioapic: "off", rtcuseutc: "off", monitorcount: "1", accelerate3d: "off" },
      ...{ boot1: "floppy", boot2: "dvd", boot3: "disk", boot4: "none", audio: "none", vrde: "off" },
      ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8].map((number) => [`nic${number}`, number === 1 ? "nat" : "none"])),
      ...{ macaddress1: randomMac(), nictype1: "82540EM", cableconnected1: "on" },
      ...{ uart1: "off", uart2: "off", uart3: "off", uart4: "off", lpt1: "off", lpt2: "off" },
    },
    controllers: [],
    attachments: [],
    folders: [],
    extra: {},
    forwards: {},
    snapshot: undefined,
    currentSnapshot: undefined,
  };
}

export const now = (): string => `${new Date().toISOString().slice(0, 23)}000000`;
const randomMac = (): string => `080027${randomUUID().slice(0, 6).toUpperCase()}`;

export function createVm(world: World, folder: string, words: Words): string {
  const options = words.options({
    ...{ "--name": "value", "--uuid": "value", "--register": "flag", "--ostype": "value" },
    ...{ "--basefolder": "value", "--groups": "value" },
  });
  const name = options.get("--name");
  if (name === undefined) throw syntax("Parameter --name is required");
  const machine = newMachine(options.get("--basefolder") ?? folder, name, options.get("--uuid") ?? randomUUID());
  const path = machine.settings.CfgFile ?? "";
  if (existsSync(path) || world.machines.some((each) => each.name === name))
    throw new Refusal(`Machine settings file '${path}' already exists`, "VBOX_E_FILE_ERROR");
  if (!options.has("--register")) throw syntax("the stand-in registers what it makes");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "<VirtualBox/>\n");
  world.machines.push(machine);
  return `Virtual machine '${name}' is created and registered.\nUUID: ${machine.uuid}\nSettings file: '${path}'\n`;
}

export function unregisterVm(world: World, words: Words): string {
  const machine = findMachine(world, words.take("machine"));
  const options = words.options({ "--delete": "flag", "--delete-all": "flag" });
  checkOff(machine, "unregister");
  world.machines = world.machines.filter((each) => each !== machine);
  if (options.size > 0) {
    for (const { medium } of machine.attachments) world.media = world.media.filter(({ uuid }) => uuid !== medium);
    rmSync(machine.settings.CfgFile ?? "", { force: true });
  }
  return "";
}

/** A machine may be changed while it is off. */
export function checkOff({ name, state }: Machine, what: string): void {
  if (["poweroff", "saved", "aborted"].includes(state)) return;
  throw new Refusal(
    `Cannot ${what} the machine '${name}' while it is locked or running (machine state: ${state})`,
    "VBOX_E_INVALID_OBJECT_STATE",
  );
}

const PLAIN = [
  "memory",
  "vram",
  "cpus",
  "pae",
  "acpi",
  "ioapic",
  "rtcuseutc",
  "monitorcount",
  "accelerate3d",
  "ostype",
];
const PLAIN_NUMBERED = ["boot", "nic", "nictype", "macaddress", "cableconnected", "bridgeadapter", "intnet"];
const FURTHER_NUMBERED = ["hostonlyadapter", "nat-network", "nictrace", "nicpromisc"];
const VRDE = ["vrde", "vrdeport", "vrdeaddress", "vrdemulticon", "vrdereusecon"];
const AUDIO = ["audio", "audiocontroller", "audioout", "audioin"];
const OTHER = ["description", "hostonlyadapter", "natdnshostresolver1", "natdnsproxy1", "graphicscontroller"];

export function modifyVm(world: World, words: Words): string {
  const machine = findMachine(world, words.take("machine"));
  checkOff(machine, "modify");
  const { settings } = machine;
  while (words.rest.length > 0) {
    const option = words.take("option");
    const key = option.replace(/^--/, "");
    const [, name = "", number] = /^([a-z-]+?)(\d+)$/.exec(key) ?? [];
    if (name === "uart" || name === "lpt") {
      const base = words.take("address");
      settings[key] = base === "off" ? "off" : `${base.toLowerCase()},${words.take("interrupt")}`;
    } else if (name === "uartmode" || name === "lptmode") {
      const mode = words.take("mode");
      const hasPlace = ["server", "client", "tcpserver", "tcpclient", "file"].includes(mode);
      settings[key] = hasPlace ? `${mode},${words.take("place")}` : mode;
    } else if (name === "natpf") {
      const rule = words.take("rule");
      if (rule === "delete") delete machine.forwards[words.take("name")];
      else machine.forwards[rule.split(",")[0] ?? ""] = rule;
    } else if (key === "name") {
      machine.name = words.take("name");
    } else if (name === "macaddress") {
      const mac = words.take("address");
      settings[key] = mac === "auto" ? randomMac() : mac;
    } else if (
      (number !== undefined && [...PLAIN_NUMBERED, ...FURTHER_NUMBERED].includes(name)) ||
      [...PLAIN, ...VRDE, ...AUDIO, ...OTHER].includes(key)
    ) {
      settings[key] = words.take(`argument for ${option}`);
      if (name === "nic") fillCard(settings, key, number ?? "");
    } else {
      throw syntax(`Unknown option: ${option}`);
    }
  }
  return "";
}

function fillCard(settings: Record<string, string>, key: string, number: string): void {
  if (settings[key] === "none") return;
  settings[`nictype${number}`] ??= "82540EM";
  settings[`macaddress${number}`] ??= randomMac();
  settings[`cableconnected${number}`] ??= "on";
}

const CONTROLLERS: Readonly<Record<string, { readonly type: string; readonly ports: number }>> = {
  ide: { type: "PIIX4", ports: 2 },
  sata: { type: "IntelAhci", ports: 30 },
  scsi: { type: "LsiLogic", ports: 16 },
  sas: { type: "LsiLogicSas", ports: 8 },
  floppy: { type: "I82078", ports: 1 },
};
const TYPES = ["PIIX3", "PIIX4", "ICH6", "LsiLogic", "LSILogicSAS", "BusLogic", "IntelAhci", "I82078"];

export function storageCtl(world: World, words: Words): string {
  const machine = findMachine(world, words.take("machine"));
  const options = words.options({
    ...{ "--name": "value", "--add": "value", "--controller": "value", "--remove": "flag" },
    ...{ "--portcount": "value", "--bootable": "value" },
  });
  checkOff(machine, "modify");
  const name = options.get("--name") ?? "";
  if (options.has("--remove")) {
    machine.controllers = machine.controllers.filter((each) => each.name !== name);
    machine.attachments = machine.attachments.filter(({ controller }) => controller !== name);
    return "";
  }
  const kind = CONTROLLERS[options.get("--add") ?? ""];
  if (kind === undefined) throw syntax(`Invalid --add argument '${options.get("--add")}'`);
  if (machine.controllers.some((each) => each.name === name))
    throw new Refusal(`Storage controller named '${name}' already exists`, "VBOX_E_OBJECT_IN_USE");
  const chip = options.get("--controller");
  const type = TYPES.find((each) => each.toLowerCase() === chip?.toLowerCase());
  if (chip !== undefined && type === undefined) throw syntax(`Invalid --controller argument '${chip}'`);
  machine.controllers.push({ name, type: type ?? kind.type, ports: kind.ports });
  return "";
}

export function storageAttach(world: World, words: Words): string {
  const machine = findMachine(world, words.take("machine"));
  const options = words.options({
    ...{ "--storagectl": "value", "--port": "value", "--device": "value", "--type": "value", "--medium": "value" },
    ...{ "--mtype": "value", "--forceunmount": "flag", "--nonrotational": "value", "--hotpluggable": "value" },
  });
  const controller = machine.controllers.find(({ name }) => name === options.get("--storagectl"));
  if (controller === undefined)
    throw new Refusal(`Could not find a controller named '${options.get("--storagectl")}'`, "VBOX_E_OBJECT_NOT_FOUND");
  const [port, device] = [Number(options.get("--port") ?? 0), Number(options.get("--device") ?? 0)];
  if (port >= controller.ports || device > 1)
    throw new Refusal(
      `The port and/or device parameter are out of range: port=${port}, device=${device}`,
      "E_INVALIDARG",
    );
  const medium = options.get("--medium") ?? "";
  const isHere = (each: { controller: string; port: number; device: number }) =>
    each.controller === controller.name && each.port === port && each.device === device;
  if (medium === "none") {
    if (!machine.attachments.some(isHere))
      throw new Refusal(
        `No storage device attached to device slot ${device} on port ${port}`,
        "VBOX_E_OBJECT_NOT_FOUND",
      );
    machine.attachments = machine.attachments.filter((each) => !isHere(each));
    return "";
  }
  const kind = { hdd: "hdd", dvddrive: "dvd", fdd: "fdd" }[options.get("--type") ?? ""] as Medium["kind"] | undefined;
  if (kind === undefined) throw syntax(`Invalid --type argument '${options.get("--type")}'`);
  const attached = medium === "emptydrive" ? undefined : openMedium(world, medium, kind);
  const mtype = options.get("--mtype");
  if (attached !== undefined && mtype !== undefined) attached.type = mtype;
  machine.attachments = machine.attachments.filter((each) => !isHere(each));
  machine.attachments.push({ controller: controller.name, port, device, medium: attached?.uuid });
  return "";
}

/** A medium that is known, or one that is a file. */
function openMedium(world: World, name: string, kind: Medium["kind"]): Medium {
  const known = world.media.find(({ path, uuid }) => path === name || uuid === name.toLowerCase());
  if (known !== undefined) return known;
  if (!existsSync(name))
    throw new Refusal(`Could not find file for the medium '${name}' (VERR_FILE_NOT_FOUND)`, "VBOX_E_FILE_ERROR");
  const medium: Medium = {
    uuid: randomUUID(),
    path: name,
    kind,
    megabytes: 8,
    format: kind === "hdd" ? "VDI" : "RAW",
    type: "normal",
  };
  world.media.push(medium);
  return medium;
}

export function sharedFolder(world: World, words: Words): string {
  const action = words.take("action");
  const machine = findMachine(world, words.take("machine"));
  const options = words.options({
    ...{ "--name": "value", "--hostpath": "value", "--readonly": "flag", "--transient": "flag", "--automount": "flag" },
  });
  const name = options.get("--name") ?? "";
  const isTransient = options.has("--transient");
  const isThis = (folder: { name: string; isTransient: boolean }) =>
    folder.name === name && folder.isTransient === isTransient;
  const isThere = machine.folders.some(isThis);
  if (!isTransient) checkOff(machine, "modify");
  if (action === "add") {
    if (isThere) throw new Refusal(`Shared folder named '${name}' already exists`, "VBOX_E_OBJECT_IN_USE");
    machine.folders.push({
      name,
      path: options.get("--hostpath") ?? "",
      isReadOnly: options.has("--readonly"),
      isTransient,
    });
    return "";
  }
  if (action !== "remove") throw syntax(`Invalid parameter '${action}'`);
  if (!isThere) throw new Refusal(`Could not find a shared folder named '${name}'`, "VBOX_E_OBJECT_NOT_FOUND");
  machine.folders = machine.folders.filter((folder) => !isThis(folder));
  return "";
}
