import type {
  Channel,
  Console,
  Controller,
  Disk,
  Filesystem,
  Hostdev,
  Hub,
  Input,
  Interface,
  Parallel,
  Serial,
  Sound,
  Video,
} from "../model/index.js";
import { KNOWN_NET_MODELS } from "../parse/interface.js";
import { type AbiRule, checkRules, refuse, rule } from "./rule.js";

const NULL = "<null>";
const ZERO = "0";

export const DISK: readonly AbiRule<Disk>[] = [
  rule("Target disk device %s does not match source %s", ({ device }) => device),
  rule("Target disk bus %s does not match source %s", ({ target }) => target.bus),
  rule("Target disk %s does not match source %s", ({ target }) => target.dev),
  rule("Target disk serial %s does not match source %s", ({ serial }) => serial, NULL),
  rule("Target disk wwn '%s' does not match source '%s'", ({ wwn }) => wwn, NULL),
  rule("Target disk access mode does not match source", ({ readonly }) => readonly === true),
  rule("Target disk model %s does not match source %s", ({ model }) => model),
  rule("Target disk rotation rate %s RPM does not match source %s RPM", ({ target }) => target.rotationRate ?? 0),
  rule("Target disk queue count %s does not match source %s", ({ driver }) => driver?.queues ?? 0),
  rule("Target disk queue size %s does not match source %s", ({ driver }) => driver?.queueSize ?? 0),
];

const UNSET = "-1";

export const CONTROLLER: readonly AbiRule<Controller>[] = [
  rule("Target controller type %s does not match source %s", ({ type }) => type),
  rule("Target controller index %s does not match source %s", ({ index }) => index),
  rule(
    "Target controller model %s does not match source %s",
    (each) => ("model" in each ? each.model : undefined),
    UNSET,
  ),
  rule(
    "Target controller ports %s does not match source %s",
    (each) => (each.type === "virtio-serial" || each.type === "usb" ? each.ports : undefined),
    UNSET,
  ),
  rule(
    "Target controller vectors %s does not match source %s",
    (each) => (each.type === "virtio-serial" ? each.vectors : undefined),
    UNSET,
  ),
];

export const FILESYSTEM: readonly AbiRule<Filesystem>[] = [
  rule("Target filesystem guest target %s does not match source %s", ({ target }) => target, NULL),
  rule("Target filesystem access mode does not match source", ({ readonly }) => readonly === true),
  rule("Target filesystem model does not match source", ({ model }) => model),
];

const CARD_MODEL = "Target network card model %s does not match source %s";
const known = (model: string | undefined): boolean => model !== undefined && KNOWN_NET_MODELS.has(model);

export const INTERFACE: readonly AbiRule<Interface>[] = [
  rule("Target network card mac %s does not match source %s", ({ mac }) => mac?.address),
  // libvirt knows some models and keeps the others as they are written
  rule(CARD_MODEL, ({ model }) => (known(model) ? undefined : model), NULL),
  rule(CARD_MODEL, ({ model }) => (known(model) ? model : undefined), "unknown"),
  rule("Target network card MTU %s does not match source %s", ({ mtu }) => mtu ?? 0),
];

export const INPUT: readonly AbiRule<Input>[] = [
  rule("Target input device type %s does not match source %s", ({ type }) => type),
  rule("Target input device bus %s does not match source %s", ({ bus }) => bus),
  rule("Target input model %s does not match source %s", ({ model }) => model),
];

export const SOUND: readonly AbiRule<Sound>[] = [
  rule("Target sound card model %s does not match source %s", ({ model }) => model),
];

/** As a number: libvirt's messages have one here. */
const tristate = (value: "yes" | "no" | undefined): number => (value === undefined ? 0 : value === "yes" ? 1 : 2);

export const VIDEO: readonly AbiRule<Video>[] = [
  rule("Target video card model %s does not match source %s", ({ model }) => model.type),
  rule("Target video card ram %s does not match source %s", ({ model }) => model.ram, ZERO),
  rule("Target video card vram %s does not match source %s", ({ model }) => model.vram, ZERO),
  rule("Target video card vram64 %s does not match source %s", ({ model }) => model.vram64, ZERO),
  rule("Target video card vgamem %s does not match source %s", ({ model }) => model.vgamem, ZERO),
  rule("Target video card heads %s does not match source %s", ({ model }) => model.heads, ZERO),
  rule("Target video card acceleration does not match source", ({ model }) => model.acceleration !== undefined),
  rule("Target video card 2d accel %s does not match source %s", ({ model }) => tristate(model.acceleration?.accel2d)),
  rule("Target video card 3d accel %s does not match source %s", ({ model }) => tristate(model.acceleration?.accel3d)),
];

export const HOSTDEV: readonly AbiRule<Hostdev>[] = [
  rule("Target host device mode %s does not match source %s", ({ mode }) => mode),
  rule("Target host device subsystem %s does not match source %s", ({ mode, source }) =>
    mode === "subsystem" ? source.type : undefined,
  ),
];

const NONE = "none";

export const SERIAL: readonly AbiRule<Serial>[] = [
  rule("Target serial type %s does not match source %s", ({ target }) => target.type, NONE),
  rule("Target serial model %s does not match source %s", ({ target }) => target.model, NONE),
  rule("Target serial port %s does not match source %s", ({ target }) => target.port),
];

export const PARALLEL: readonly AbiRule<Parallel>[] = [
  rule("Target parallel port %s does not match source %s", ({ target }) => target.port),
];

const nameOf = ({ target }: Channel): string | undefined => (target.type === "guestfwd" ? undefined : target.name);

const CHANNEL: readonly AbiRule<Channel>[] = [
  rule("Target channel type %s does not match source %s", ({ target }) => target.type, NONE),
  rule("Target channel name %s does not match source %s", nameOf, NULL),
  rule("Target channel addr %s does not match source %s", ({ target }) =>
    target.type === "guestfwd" ? `${target.address}:${target.port}` : undefined,
  ),
];

export function checkChannel(source: Channel, target: Channel): void {
  checkRules(CHANNEL, source, target);
  const types = [source.source.type, target.source.type];
  const changes = types[0] !== types[1] && types.includes("spicevmc");
  if (changes && source.target.type !== "guestfwd" && nameOf(source) === undefined) {
    refuse("Changing device type to/from spicevmc would change default target channel name");
  }
}

export const CONSOLE: readonly AbiRule<Console>[] = [
  rule("Target console type %s does not match source %s", ({ target }) => target.type, NONE),
];

export const HUB: readonly AbiRule<Hub>[] = [
  rule("Target hub device type %s does not match source %s", ({ type }) => type),
];
