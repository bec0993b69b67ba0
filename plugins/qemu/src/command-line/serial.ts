import type { Channel, ChardevSource, Console, DeviceInfo, Serial } from "@polyvisor/sdk/conf";
import type { QemuFlag } from "../capabilities/index.js";
import { addressProps } from "./address.js";
import { chardevArgs } from "./chardev.js";
import { aliasOf, type Build, internal, refuse } from "./context.js";
import type { Props } from "./props.js";

type Ported = DeviceInfo & { readonly kind: string; readonly source: ChardevSource };

/** The host's end; its id is `char` and the device's alias. */
function backend(build: Build, device: Ported): string {
  const alias = aliasOf(device);
  const id = `char${alias}`;
  chardevArgs(build, device.source, id, { device: alias });
  return id;
}

const SERIAL_FLAGS: Readonly<Partial<Record<NonNullable<Serial["target"]["model"]>, QemuFlag>>> = {
  "isa-serial": "isa-serial",
  "pci-serial": "pci-serial",
  "usb-serial": "usb-serial",
  "spapr-vty": "spapr-vty",
  sclpconsole: "s390-sclp",
  sclplmconsole: "sclplmconsole",
  pl011: "pl011",
};

export function serialArgs(build: Build): void {
  const spice = build.domain.devices.graphics.some((item) => item.type === "spice");
  for (const serial of build.domain.devices.serials) {
    if (serial.source.type === "spiceport" && !spice) continue;
    const chardev = backend(build, serial);
    const model = serial.target.model;
    const flag = model === undefined ? undefined : SERIAL_FLAGS[model];
    if (flag !== undefined && !build.can(flag)) throw refuse(`'${model}' is not supported in this QEMU binary`);
    if (isPlatformSerial(serial)) build.args.add("-serial", `chardev:${chardev}`);
    else build.args.device(serialProps(build, serial, chardev));
  }
}

/** Ports that the board has, whether they are used or not. */
function isPlatformSerial({ target }: Serial): boolean {
  return (
    target.type === undefined ||
    (target.type === "system-serial" && (target.model === "pl011" || target.model === "16550a"))
  );
}

function serialProps(build: Build, serial: Serial, chardev: string): Props {
  const model = serial.target.model;
  if (model === undefined || model === "pl011" || model === "16550a")
    throw internal("Invalid target model for serial device");
  return {
    driver: model,
    chardev,
    id: aliasOf(serial),
    index: model === "isa-serial" && serial.target.port >= 0 ? serial.target.port : undefined,
    ...addressProps(build, serial),
  };
}

export function parallelArgs(build: Build): void {
  for (const parallel of build.domain.devices.parallels) {
    const chardev = backend(build, parallel);
    build.args.device({ driver: "isa-parallel", chardev, id: aliasOf(parallel) });
  }
}

export function channelArgs(build: Build): void {
  for (const channel of build.domain.devices.channels) {
    const chardev = backend(build, channel);
    switch (channel.target.type) {
      case "guestfwd": {
        const { address, port } = channel.target;
        const guestfwd = [{ str: `tcp:${address}:${port}-chardev:${chardev}` }];
        build.args.netdev({ type: "user", guestfwd, id: aliasOf(channel) });
        break;
      }
      case "virtio":
        build.args.device(virtioPortProps(build, channel, "virtserialport", chardev, channelName(channel)));
        break;
      case "xen":
        throw refuse("unsupported channel target type xen");
    }
  }
}

function channelName({ source, target }: Channel): string | undefined {
  const name = target.type === "virtio" ? target.name : undefined;
  if (source.type !== "spicevmc") return name;
  if (name !== undefined && name !== "com.redhat.spice.0") throw refuse(`Unsupported spicevmc target name '${name}'`);
  return "com.redhat.spice.0";
}

function virtioPortProps(
  build: Build,
  device: Channel | Console,
  driver: "virtserialport" | "virtconsole",
  chardev: string,
  name?: string,
): Props {
  const type = device.address?.type;
  if (type !== undefined && type !== "ccw" && type !== "virtio-serial")
    throw internal("virtio serial device has invalid address type");
  return { driver, ...addressProps(build, device), chardev, id: aliasOf(device), name };
}

export function consoleArgs(build: Build): void {
  for (const console of build.domain.devices.consoles) {
    const type = console.target.type;
    // The first one only mirrors the first serial port.
    if (type === "serial") continue;
    if (type === "sclp" || type === "sclplm") {
      const chardev = backend(build, console);
      build.args.device({ driver: `${type}console`, chardev, id: aliasOf(console) });
    } else if (type === "virtio") {
      const chardev = backend(build, console);
      build.args.device(virtioPortProps(build, console, "virtconsole", chardev));
    } else throw refuse(`unsupported console target type ${type ?? ""}`);
  }
}
