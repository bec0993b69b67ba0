import { chmod, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./command.js";

/** A guest that lets go at once of what is on its USB, SCSI and virtio-serial buses: its firmware asks for none of it. */
export const PLUG_GUEST = `<domain type='qemu'>
  <name>g</name>
  <uuid>8a2a6c60-6c1f-4a27-9b4c-3b0f1c6f7a11</uuid>
  <maxMemory slots='4' unit='MiB'>1024</maxMemory>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <cpu><numa><cell id='0' cpus='0' memory='128' unit='MiB'/></numa></cpu>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
    <controller type='usb' model='qemu-xhci' ports='8'/>
    <controller type='scsi' index='0' model='virtio-scsi'/>
    <controller type='virtio-serial' index='0'/>
    <controller type='pci' model='pcie-root'/>
    ${"<controller type='pci' model='pcie-root-port'/>".repeat(6)}
    <memballoon model='virtio'/>
  </devices>
</domain>`;

const disk = (image: string, target: string, bus: string, format = "raw") =>
  `<disk type='file' device='disk'><driver name='qemu' type='${format}'/><source file='IMAGES/${image}'/>` +
  `<target dev='${target}' bus='${bus}'/></disk>`;

/** Devices by the names that steps call them by. `IMAGES` is the folder of the images. */
export const PLUG_DEVICES: Readonly<Record<string, string>> = {
  usb: disk("a", "sdc", "usb"),
  scsi: disk("top", "sdb", "scsi", "qcow2"),
  farScsi: disk("b", "sdq", "scsi"),
  missing: disk("none", "sdf", "usb"),
  floppy: "<disk type='file' device='floppy'><source file='IMAGES/b'/><target dev='fda'/></disk>",
  channel: "<channel type='unix'><target type='virtio' name='org.example.0'/></channel>",
  keyboard: "<input type='keyboard' bus='usb'/>",
  mouse: "<input type='mouse' bus='ps2'/>",
  sound: "<sound model='ich9'/>",
  card: "<interface type='user'><mac address='52:54:00:11:22:33'/><model type='virtio'/></interface>",
  cardDown:
    "<interface type='user'><mac address='52:54:00:11:22:33'/><model type='virtio'/><link state='down'/></interface>",
  otherCard: "<interface type='user'><mac address='52:54:00:11:22:34'/><model type='virtio'/></interface>",
  e1000: "<interface type='user'><mac address='52:54:00:11:22:33'/><model type='e1000'/></interface>",
  rng: "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>",
  memory: "<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target></memory>",
  nothing: "<nothing/>",
};

/** Commands of virsh; `@name` is the file of a device. The documents are looked at before each of them, and in the end. */
export const PLUG_STEPS: readonly string[] = [
  "attach-device g @usb",
  "attach-device g @usb",
  "detach-device g @usb",
  "detach-device g @usb",
  "attach-device g @usb --live --config",
  "detach-device g @usb --live --config",
  "attach-device g @scsi --live",
  "attach-device g @farScsi",
  "blockresize g sdq 2M",
  "blockresize g sda 2M",
  "blockresize g nobody 2M",
  "detach-device-alias g scsi0-0-0-1",
  "detach-disk g sdq",
  "attach-device g @missing",
  "attach-device g @floppy",
  "attach-device g @channel --live --config",
  "attach-device g @channel --config",
  "detach-device g @channel --config",
  "attach-device g @keyboard",
  "detach-device g @keyboard",
  "attach-device g @mouse",
  "attach-device g @sound",
  "attach-device g @nothing",
  "attach-device g @card --live --config",
  "update-device g @cardDown --live --config",
  "update-device g @e1000",
  "update-device g @otherCard",
  "detach-device g @otherCard",
  "attach-device g @rng",
  "attach-device g @memory",
  "attach-disk g IMAGES/b sdh --targetbus usb --live",
  "detach-disk g sdh --live",
  "change-media g sda IMAGES/cd --insert",
  "change-media g sda IMAGES/b --update --live --config",
  "change-media g sda IMAGES/none --update",
  "change-media g sda --eject",
  "detach-device-alias g nobody",
];

/** Makes the images in a folder, open to every user. */
export async function makePlugImages(folder: string): Promise<void> {
  await chmod(folder, 0o777);
  for (const name of ["a", "b", "cd"]) {
    await writeFile(join(folder, name), "");
    await truncate(join(folder, name), 1 << 20);
  }
  const below = ["-b", join(folder, "a"), "-F", "raw"];
  await runCommand("qemu-img", ["create", "-q", "-f", "qcow2", ...below, join(folder, "top")]);
  for (const name of ["a", "b", "cd", "top"]) await chmod(join(folder, name), 0o666);
}
