import type {
  Channel,
  Devices,
  Disk,
  Domain,
  Hostdev,
  Input,
  Interface,
  Serial,
  UsbController,
} from "@polyvisor/sdk/conf";
import { parseChardevSource } from "../chardev-source.js";
import { soundOfXl } from "../small-devices.js";
import { parseBridge, parseIps } from "../vifs.js";
import type { XlDiskBackend, XlDiskFormat } from "../xl-disk-spec.js";
import { diskOfSpec } from "../xl-disks.js";
import { readScreens } from "./from-screens.js";
import type { LibxlReader } from "./reader.js";

/** The devices that libxl knows of; those that every guest has come later. */
export function readDevices(whole: LibxlReader, domain: Domain): Partial<Devices> {
  const build = whole.part("b_info");
  const own = build.part("type.hvm");
  return {
    emulator: build.string("device_model"),
    disks: whole.parts("disks").flatMap((each) => readDisk(each, domain) ?? []),
    interfaces: whole.parts("nics").map((each) => readNic(each, domain)),
    hostdevs: [...whole.parts("pcidevs").map(readPci), ...whole.parts("usbdevs").flatMap(readUsb)],
    controllers: [readXenbus(build), ...whole.parts("usbctrls").map(readUsbController)],
    channels: whole.parts("channels").flatMap(readChannel),
    serials: readSerials(own),
    inputs: [...own.strings("usbdevice_list"), own.string("usbdevice")].flatMap(readInput),
    sounds: soundOfXl(own.string("soundhw")),
    ...readScreens(whole, domain),
  };
}

const FORMATS: readonly XlDiskFormat[] = ["raw", "qcow", "qcow2", "vhd", "qed", "empty"];
const BACKENDS: readonly XlDiskBackend[] = ["phy", "tap", "qdisk"];

function readDisk(disk: LibxlReader, domain: Domain): Disk | undefined {
  const vdev = disk.string("vdev");
  if (vdev === undefined) return undefined;
  const isCdrom = disk.number("is_cdrom") === 1;
  const backend = BACKENDS.find((each) => each === disk.string("backend"));
  const found = diskOfSpec(
    {
      vdev,
      target: disk.string("pdev_path"),
      format: FORMATS.find((each) => each === disk.string("format")) ?? "raw",
      backend,
      backendDomain: disk.string("backend_domname"),
      discard: disk.truth("discard_enable"),
      isCdrom,
      isWritable: disk.number("readwrite") === 1,
      isRemovable: isCdrom,
    },
    domain,
  );
  // xl leaves out what it was not told
  return backend === undefined ? { ...found, driver: { ...found.driver, name: undefined } } : found;
}

function readNic(nic: LibxlReader, { os }: Domain): Interface {
  const bridge = nic.string("bridge");
  const dev = nic.string("ifname");
  const address = nic.string("mac");
  const bytes = nic.number("rate_bytes_per_interval");
  const interval = nic.number("rate_interval_usecs") || 1e6;
  return {
    kind: "interface",
    ...(bridge === undefined ? { source: { type: "ethernet" } } : parseBridge(bridge, bridge)),
    mac: address === undefined ? undefined : { address },
    script: nic.string("script"),
    ip: parseIps(nic.string("ip")),
    model: os.type !== "hvm" ? undefined : nic.string("nictype") === "vif" ? "netfront" : nic.string("model"),
    target: dev === undefined ? undefined : { dev },
    backenddomain: nic.string("backend_domname"),
    bandwidth: bytes === undefined ? undefined : { outbound: { average: Math.ceil((bytes * 1e6) / interval / 1024) } },
  };
}

function readPci(device: LibxlReader): Hostdev {
  const number = (name: string): number => device.number(name) ?? 0;
  return {
    kind: "hostdev",
    mode: "subsystem",
    managed: false,
    source: {
      type: "pci",
      address: {
        type: "pci",
        domain: number("domain"),
        bus: number("bus"),
        slot: number("dev"),
        function: number("func"),
      },
      writeFiltering: device.truth("permissive") === true ? "no" : undefined,
    },
  };
}

function readUsb(device: LibxlReader): readonly Hostdev[] {
  const host = device.part("type.hostdev");
  const bus = host.number("hostbus");
  if (bus === undefined) return [];
  return [
    {
      kind: "hostdev",
      mode: "subsystem",
      managed: false,
      source: { type: "usb", bus, device: host.number("hostaddr") ?? 0 },
    },
  ];
}

function readUsbController(controller: LibxlReader, at: number): UsbController {
  return {
    kind: "controller",
    type: "usb",
    index: controller.number("devid") ?? at,
    model: controller.number("version") === 1 ? "qusb1" : "qusb2",
    ports: controller.number("ports") ?? 8,
  };
}

/** What libxl gives a guest that asks for no number. */
const USUAL_EVENT_CHANNELS = 1023;
const UNLIMITED = 0xffffffff;

function readXenbus(build: LibxlReader): Devices["controllers"][number] {
  const channels = build.number("event_channels");
  const frames = build.number("max_grant_frames");
  return {
    kind: "controller",
    type: "xenbus",
    index: 0,
    maxEventChannels: channels === USUAL_EVENT_CHANNELS ? undefined : channels || undefined,
    maxGrantFrames: frames === UNLIMITED ? undefined : frames || undefined,
  };
}

function readChannel(channel: LibxlReader): readonly Channel[] {
  const target = { type: "xen", name: channel.string("name") } as const;
  if (channel.has("connection.socket")) {
    const path = channel.part("connection.socket").string("path");
    return [{ kind: "channel", source: { type: "unix", mode: "bind", path }, target }];
  }
  return channel.has("connection.pty") ? [{ kind: "channel", source: { type: "pty" }, target }] : [];
}

function readSerials(own: LibxlReader): readonly Serial[] {
  const single = own.string("serial");
  const written = single === undefined ? own.strings("serial_list") : [single];
  return written.flatMap((each, port): readonly Serial[] =>
    each === "none" ? [] : [{ kind: "serial", source: parseChardevSource(each), target: { port } }],
  );
}

function readInput(name: string | undefined): readonly Input[] {
  return name === "mouse" || name === "tablet" || name === "keyboard"
    ? [{ kind: "input", type: name, bus: "usb" }]
    : [];
}
