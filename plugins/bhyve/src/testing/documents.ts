/** A guest that boots from a disk; `{name}` and `{uuid}` are to be filled in. */
export function guestDocument(devices = "", top = ""): string {
  return `<domain type='bhyve'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='KiB'>65536</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
  ${top}
  <devices>
    <disk type='file'><source file='/guests/{name}.img'/><target dev='vda' bus='virtio'/></disk>
    <interface type='bridge'><mac address='52:54:00:c0:de:02'/><source bridge='bridge0'/><model type='virtio'/></interface>
    ${devices}
  </devices>
</domain>`;
}

/** With a serial port. */
export const CONSOLE_DOCUMENT = guestDocument("<serial type='nmdm'/>");
