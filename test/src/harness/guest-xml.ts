import type { GuestImage } from "./guest-image.js";

export interface GuestOptions {
  readonly uuid?: string;
  readonly machine?: "q35" | "pc";
  /** Elements of `<devices>` besides the serial port. */
  readonly devices?: string;
  /** The serial port; a pseudo-terminal by default, which is the console. */
  readonly serial?: string;
  /** Words of the kernel's command line: `drivers` makes the guest load those of its disks and networks. */
  readonly cmdline?: string;
  /** Further elements of `<domain>`. */
  readonly elements?: string;
}

const PTY =
  "<serial type='pty'><target port='0'/></serial><console type='pty'><target type='serial' port='0'/></console>";

/** A guest that boots the image under emulation. */
export function bootableXml(name: string, image: GuestImage, options: GuestOptions = {}): string {
  // On a busy machine an emulated timer may tick too late for the kernel's trust in it.
  const cmdline = `console=ttyS0 no_timer_check ${options.cmdline ?? "quiet"}`;
  return `<domain type='qemu'>
  <name>${name}</name>
  ${options.uuid === undefined ? "" : `<uuid>${options.uuid}</uuid>`}
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  ${options.elements ?? ""}
  <os>
    <type arch='x86_64' machine='${options.machine ?? "q35"}'>hvm</type>
    <kernel>${image.kernel}</kernel>
    <initrd>${image.initrd}</initrd>
    <cmdline>${cmdline}</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
    ${options.devices ?? ""}
    ${options.serial ?? PTY}
  </devices>
</domain>`;
}

/** A guest that boots nothing: its firmware looks for a disk in vain. It starts at once and costs little. */
export function idleXml(name: string, type: "test" | "qemu", uuid: string, elements = ""): string {
  const machine = type === "test" ? "<type>hvm</type>" : "<type arch='x86_64' machine='q35'>hvm</type>";
  const devices =
    type === "test"
      ? ""
      : `<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/><memballoon model='none'/></devices>`;
  return `<domain type='${type}'>
  <name>${name}</name>
  <uuid>${uuid}</uuid>
  <memory unit='KiB'>65536</memory>
  <vcpu>1</vcpu>
  <os>${machine}</os>
  ${elements}${devices}
</domain>`;
}
