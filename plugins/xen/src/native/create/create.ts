import type { Channel, Domain } from "@polyvisor/sdk/conf";
import { emulatorArgumentsOf } from "../../conf/index.js";
import { formatChardevSource } from "../chardev-source.js";
import { NativeSettings } from "../config.js";
import { buildInfo } from "../libxl/build-info.js";
import { completeChannel } from "../libxl/channels.js";
import type { LibxlFacts } from "../libxl/facts.js";
import { soundModel } from "../libxl/hvm-info.js";
import { formatXlDisk } from "./disks.js";
import { setHostDevices } from "./host-devices.js";
import { setBoot, setMachine } from "./machine.js";
import { formatXlNic } from "./nics.js";
import { setScreens } from "./screens.js";
import { formatXlValue, part } from "./xl-text.js";

/**
 * What `xl create` is given to start the domain as libvirt's driver would: beyond `formatXl` this says what libvirt tells libxl
 * without xl.cfg, in xl's own spelling. Screens must have their ports. Throws what Xen cannot do, in libvirt's words.
 */
export function toXlCreate(domain: Domain, facts: LibxlFacts = {}): string {
  // the same checks as before libxl is asked
  buildInfo(domain, facts);
  const settings = new NativeSettings();
  setMachine(domain, settings, facts);
  setBoot(domain, settings);
  setDevices(domain, settings, facts);
  if (domain.os.type === "hvm") setHvmDevices(domain, settings);
  setScreens(domain, settings);
  setHostDevices(domain, settings);
  settings.setList("device_model_args", emulatorArgumentsOf(domain));
  return settings.format(formatXlValue);
}

function setDevices(domain: Domain, settings: NativeSettings, facts: LibxlFacts): void {
  const { disks, interfaces, channels } = domain.devices;
  const cards = interfaces.filter(({ source }) => source.type !== "hostdev");
  settings.setList("disk", disks.map(formatXlDisk));
  settings.setList(
    "vif",
    cards.map((each) => formatXlNic(each, domain, facts)),
  );
  settings.setList(
    "channel",
    channels.map((each) => formatXlChannel(completeChannel(each, domain, facts))),
  );
}

function formatXlChannel({ source, target }: Channel): string {
  const path = source.type === "unix" ? part("path", source.path) : [];
  const name = part("name", "name" in target ? target.name : undefined);
  return [`connection=${source.type === "unix" ? "socket" : "pty"}`, ...path, ...name].join(",");
}

function setHvmDevices(domain: Domain, settings: NativeSettings): void {
  const { emulator, inputs, serials } = domain.devices;
  if (emulator !== undefined) {
    settings.set("device_model_override", emulator);
    settings.set("device_model_version", "qemu-xen");
  }
  settings.set("soundhw", soundModel(domain));
  const usb = inputs.filter(({ bus }) => bus === "usb").map(({ type }) => type);
  if (usb.length > 0) settings.set("usb", 1);
  settings.setList("usbdevice", usb);
  const written = serials.map(({ source }) => formatChardevSource(source, (path) => path));
  if (written.length === 1) settings.set("serial", written[0]);
  else settings.setList("serial", written);
}
