import type { Domain } from "@polyvisor/sdk/conf/domain";
import { cardWords } from "./cards.js";
import { bootWords } from "./domain.js";
import type { MachineInfo } from "./info.js";
import { folderWords, parallelWords, readFolders, serialWords, soundWords } from "./ports.js";
import { FRONTEND, frontendOf, graphicsWords, videoWords } from "./screens.js";
import { controllerWords, diskWords, unsupported } from "./storage.js";

/** One run of VBoxManage: its words. */
export type Command = readonly string[];

/** Makes an empty machine that VirtualBox knows. */
export function createCommand({ name, uuid }: Domain): Command {
  return ["createvm", "--name", name, "--uuid", uuid, "--register"];
}

/**
 * What makes an empty machine the one of a document, in the order in which it is to be done. Fails with
 * `CONFIG_UNSUPPORTED` for what VirtualBox does not have, before anything is done.
 */
export function configureCommands(domain: Domain, natNetworks: ReadonlySet<string>): Command[] {
  const { uuid, vcpu, devices } = domain;
  if (vcpu.current !== vcpu.max)
    throw unsupported("current vcpu count must equal maximum", "leave the attribute 'current' of <vcpu> out");
  const frontend = frontendOf(devices.graphics);
  return [
    ["modifyvm", uuid, ...machineWords(domain)],
    ...deviceWords(domain, natNetworks).map((words) => ["modifyvm", uuid, ...words]),
    ...devices.controllers
      .filter(({ type }) => type !== "pci" && type !== "usb")
      .map((controller) => ["storagectl", uuid, ...controllerWords(controller)]),
    ...devices.disks.map((disk) => ["storageattach", uuid, ...diskWords(disk, domain)]),
    ...folderWords(devices.filesystems).map((words) => ["sharedfolder", "add", uuid, ...words]),
    ["setextradata", uuid, FRONTEND.type, frontend.type ?? "gui"],
    ...(frontend.display === undefined ? [] : [["setextradata", uuid, FRONTEND.display, frontend.display]]),
  ];
}

function machineWords({ currentMemory, vcpu, features, os, clock, description }: Domain): string[] {
  const onOff = (name: string, isOn: boolean) => [`--${name}`, isOn ? "on" : "off"];
  return [
    ...["--memory", String(Math.ceil(currentMemory / 1024)), "--cpus", String(vcpu.max)],
    ...onOff("pae", features.pae === true),
    ...onOff("acpi", features.acpi === true),
    ...onOff("ioapic", features.apic !== undefined),
    ...onOff("rtcuseutc", clock.offset === "utc"),
    ...(description === undefined ? [] : ["--description", description]),
    ...bootWords(os.boot),
  ];
}

/** The parts of `modifyvm` that there is something to say of. */
function deviceWords({ devices }: Domain, natNetworks: ReadonlySet<string>): string[][] {
  return [
    videoWords(devices.videos),
    graphicsWords(devices.graphics),
    cardWords(devices.interfaces, natNetworks),
    serialWords(devices.serials),
    parallelWords(devices.parallels),
    soundWords(devices.sounds),
  ].filter((words) => words.length > 0);
}

/** What takes everything off a machine that `configureCommands` would put on it; its images stay. */
export function clearCommands(info: MachineInfo): Command[] {
  const { uuid } = info;
  const off = (prefix: string, word: string) =>
    [...info.numbered(prefix, 1)]
      .filter(({ value }) => value !== word)
      .flatMap(({ number }) => [`--${prefix}${number}`, word]);
  const words = [
    ...off("nic", "none"),
    ...off("uart", "off"),
    ...off("lpt", "off"),
    "--audio",
    "none",
    "--description",
    "",
  ];
  return [
    ["modifyvm", uuid, ...words],
    ...[...info.numbered("storagecontrollername", 0)].map(({ value }) => [
      "storagectl",
      uuid,
      "--name",
      value,
      "--remove",
    ]),
    ...readFolders(info, true).map(({ target }) => ["sharedfolder", "remove", uuid, "--name", target ?? ""]),
    ["setextradata", uuid, FRONTEND.display],
  ];
}
