import type { Input } from "@polyvisor/sdk/conf";
import { addressProps } from "./address.js";
import { aliasOf, type Build, internal, refuse } from "./context.js";
import { fromOnOff, type Props } from "./props.js";
import { virtioProps } from "./virtio.js";

export function inputArgs(build: Build): void {
  for (const input of build.domain.devices.inputs) {
    if (input.type === "evdev") build.args.object(evdevProps(input));
    else if (input.bus === "usb") build.args.device(usbProps(build, input));
    else if (input.bus === "virtio") build.args.device(virtioInputProps(build, input));
    // PS/2 devices are part of the board.
    else if (input.bus !== "ps2" && input.bus !== "none") throw refuse(`unsupported input bus '${input.bus ?? ""}'`);
  }
}

const USB_DRIVERS = { mouse: "usb-mouse", tablet: "usb-tablet", keyboard: "usb-kbd" } as const;

function usbProps(build: Build, input: Input): Props {
  if (input.type === "passthrough" || input.type === "evdev")
    throw internal(`unexpected USB input of type '${input.type}'`);
  return { driver: USB_DRIVERS[input.type], id: aliasOf(input), ...addressProps(build, input) };
}

const VIRTIO_DRIVERS = {
  mouse: "virtio-mouse",
  tablet: "virtio-tablet",
  keyboard: "virtio-keyboard",
  passthrough: "virtio-input-host",
} as const;

function virtioInputProps(build: Build, input: Input): Props {
  if (input.type === "evdev") throw internal("unexpected virtio input of type 'evdev'");
  return {
    ...virtioProps(build, VIRTIO_DRIVERS[input.type], input, input.model),
    id: aliasOf(input),
    evdev: input.type === "passthrough" ? input.source?.evdev : undefined,
    ...addressProps(build, input),
  };
}

function evdevProps(input: Input): Props {
  return {
    "qom-type": "input-linux",
    id: aliasOf(input),
    evdev: input.source?.evdev ?? "",
    repeat: fromOnOff(input.source?.repeat),
    grab_all: input.source?.grab === "all" ? true : undefined,
    "grab-toggle": input.source?.grabToggle,
  };
}
