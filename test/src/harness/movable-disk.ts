import { OWNER } from "./service-daemon.js";

/** A guest that is given a disk on its USB bus, and lets go of it at once: its firmware does not ask for USB. */
export function movableXml(name: string): string {
  return `<domain type='qemu'>
  <name>${name}</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='qemu-xhci'/>
    <memballoon model='none'/>
  </devices>
  <seclabel type='static' model='owner' relabel='yes'><label>+${OWNER.replace(":", ":+")}</label></seclabel>
</domain>`;
}
