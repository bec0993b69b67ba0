import { guest } from "./guests.js";

/** The images that `runnableGuests` uses, by file name. */
export const IMAGES = {
  "raw.img": "raw",
  "overlay.qcow2": "qcow2",
  "boot.iso": "raw",
  kernel: "raw",
  initrd: "raw",
} as const;

interface DiskOptions {
  readonly file?: keyof typeof IMAGES;
  readonly device?: "disk" | "cdrom" | "floppy";
  readonly driver?: string;
  readonly inside?: string;
}

/**
 * Documents that an emulator without privileges can run, so that its command line can be tried for real.
 * `images` is the folder of the images, and where sockets and logs go.
 */
export function runnableGuests(images: string): Readonly<Record<string, string>> {
  const disk = (dev: string, bus: string, options: DiskOptions = {}) => {
    const { file = "raw.img", device = "disk", driver = "", inside = "" } = options;
    return `<disk type='file' device='${device}'><driver name='qemu' type='${IMAGES[file]}'${driver}/><source file='${images}/${file}'/><target dev='${dev}' bus='${bus}'/>${inside}</disk>`;
  };
  const empty = (dev: string, bus: string) =>
    `<disk type='file' device='cdrom'><target dev='${dev}' bus='${bus}'/></disk>`;
  const card = (number: number, inside = "") =>
    `<interface type='user'><mac address='52:54:00:11:22:${String(number).padStart(2, "0")}'/>${inside}</interface>`;
  const shared = (count: number) =>
    Array.from({ length: count }, (_, at) =>
      disk(`vd${String.fromCharCode(97 + at)}`, "virtio", { inside: "<shareable/>" }),
    ).join("");
  const screens = ["vga", "cirrus", "virtio", "qxl", "bochs", "none"].map(
    (model) =>
      [
        `a ${model} display`,
        guest(
          "q35",
          `<graphics type='vnc' port='-1' autoport='yes' keymap='de'/><video><model type='${model}'/></video>`,
        ),
      ] as const,
  );
  const boot = (xml: string, inside: string) => xml.replace("</os>", `${inside}</os>`);
  return {
    "nothing on q35": guest("q35"),
    "nothing on pc": guest("pc"),
    "disks on pc": boot(
      guest("pc", disk("vda", "virtio") + disk("hda", "ide", { file: "overlay.qcow2" }) + empty("hdc", "ide")),
      "<boot dev='hd'/><boot dev='cdrom'/>",
    ),
    "disks on q35": boot(
      guest(
        "q35",
        `${disk("vda", "virtio", { file: "overlay.qcow2" })}${disk("sda", "sata")}${disk("sdb", "scsi", { file: "boot.iso", device: "cdrom", inside: "<readonly/>" })}<controller type='scsi' model='virtio-scsi'/>${empty("sdc", "sata")}`,
      ),
      "<bootmenu enable='yes' timeout='3000'/>",
    ),
    "a kernel": boot(
      guest("q35", "<serial type='pty'/><console type='pty'/>"),
      `<kernel>${images}/kernel</kernel><initrd>${images}/initrd</initrd><cmdline>console=ttyS0 a,b</cmdline>`,
    ),
    "a boot order": guest(
      "q35",
      card(1, "<model type='virtio'/>") +
        card(2, "<model type='e1000e'/><boot order='1'/>") +
        disk("vda", "virtio", { inside: "<boot order='2'/>" }),
    ),
    "the usual cards of pc": guest("pc", card(1) + card(2, "<model type='e1000'/>")),
    "character devices": guest(
      "q35",
      `<serial type='file'><source path='${images}/serial.log'/></serial><serial type='unix'><source mode='bind' path='${images}/serial.sock'/></serial><console type='pty'><target type='virtio'/></console><channel type='unix'><source mode='bind' path='${images}/agent.sock'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel><channel type='pty'><target type='virtio' name='x.y'/></channel><parallel type='null'/>`,
    ),
    "small devices": guest(
      "q35",
      "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng><memballoon model='virtio'><stats period='5'/></memballoon><watchdog model='i6300esb' action='reset'/><panic model='isa'/><sound model='ich9'/>",
    ),
    "a screen and a tablet": guest(
      "pc",
      "<graphics type='vnc' port='-1' autoport='yes'/><input type='tablet' bus='usb'/><video><model type='vga'/></video>",
    ),
    ...Object.fromEntries(screens),
    SPICE: guest(
      "q35",
      "<graphics type='spice' autoport='yes'><image compression='off'/></graphics><channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel><redirdev bus='usb' type='spicevmc'/>",
    ),
    "two displays": guest(
      "pc",
      "<graphics type='vnc' port='5977' autoport='no' listen='127.0.0.1'/><video><model type='qxl'/></video><video><model type='qxl'/></video><sound model='ich6'/>",
    ),
    "a processor and a clock": guest(
      "q35",
      "",
      "<vcpu current='2'>4</vcpu><cpu mode='custom' match='exact'><model>qemu64</model><topology sockets='2' dies='1' cores='2' threads='1'/><feature policy='disable' name='lahf_lm'/></cpu><clock offset='localtime'><timer name='rtc' tickpolicy='catchup'/><timer name='hpet' present='no'/></clock>",
    ),
    "NUMA nodes and I/O threads": guest(
      "q35",
      "",
      "<vcpu>4</vcpu><iothreads>2</iothreads><cpu><numa><cell id='0' cpus='0-1' memory='32768'/><cell id='1' cpus='2-3' memory='32768'/></numa></cpu>",
    ),
    "an odd amount of memory": guest("pc").replace("<memory unit='MiB'>64</memory>", "<memory>65537</memory>"),
    USB: guest(
      "q35",
      `<controller type='usb' model='qemu-xhci' ports='15'/><input type='keyboard' bus='usb'/><input type='mouse' bus='virtio'/><hub type='usb'/>${disk("sda", "usb")}`,
    ),
    "USB 2": guest(
      "q35",
      "<controller type='usb' index='0' model='ich9-ehci1'/><controller type='usb' index='0' model='ich9-uhci1'><master startport='0'/></controller><controller type='usb' index='0' model='ich9-uhci2'><master startport='2'/></controller><controller type='usb' index='0' model='ich9-uhci3'><master startport='4'/></controller><input type='tablet' bus='usb'/>",
    ),
    "features and power": guest(
      "q35",
      "<controller type='usb' model='none'/><memballoon model='none'/>",
      "<features><acpi/><apic/><vmport state='off'/><smm state='on'/></features><pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='yes'/></pm><on_reboot>destroy</on_reboot>",
    ),
    "shared disks on pc": guest("pc", shared(6) + card(1, "<model type='virtio'/>") + card(2)),
    "shared disks on q35": guest("q35", shared(12) + card(1, "<model type='rtl8139'/>")),
    "a tuned disk": guest(
      "q35",
      disk("vda", "virtio", {
        file: "overlay.qcow2",
        driver:
          " cache='none' io='native' discard='unmap' detect_zeroes='unmap' error_policy='stop' queues='2' iothread='1'",
        inside: "<serial>abc def</serial><iotune><total_bytes_sec>1000000</total_bytes_sec></iotune>",
      }),
      "<iothreads>1</iothreads>",
    ),
    "a WWN": guest(
      "q35",
      `${disk("sda", "scsi", { inside: "<wwn>5000c50015ea71ac</wwn>" })}<controller type='scsi' model='virtio-scsi'/>`,
    ),
    "names of the user's": guest(
      "q35",
      `<serial type='pty'><alias name='ua-ser'/></serial>${disk("vda", "virtio", { inside: "<alias name='ua-disk'/>" })}`,
    ),
    "a floppy": boot(
      guest("pc", disk("fda", "fdc", { file: "boot.iso", device: "floppy" }) + disk("sda", "scsi")),
      "<boot dev='fd'/><bios rebootTimeout='5'/>",
    ),
    "words for the firmware": boot(
      guest(
        "q35",
        "",
        "<genid>43dc0cf8-809b-4adb-9bea-a9abb5f3d90e</genid><sysinfo type='smbios'><bios><entry name='vendor'>ACME, Inc</entry></bios><system><entry name='manufacturer'>M</entry><entry name='product'>P</entry></system></sysinfo>",
      ),
      "<smbios mode='sysinfo'/>",
    ),
    "arguments for QEMU": guest("pc").replace(
      "</domain>",
      "<commandline xmlns='http://libvirt.org/schemas/domain/qemu/1.0'><arg value='-device'/><arg value='pci-testdev,addr=1d'/><env name='A' value='b c'/></commandline></domain>",
    ),
  };
}
