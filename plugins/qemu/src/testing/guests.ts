/** A guest named `g`; `top` stands before the devices, `machine` in `<type>`. */
export function guest(machine: string, devices = "", top = ""): string {
  return `<domain type='qemu'><name>g</name><uuid>6f0b2d3c-0000-4000-8000-000000000001</uuid><memory unit='MiB'>64</memory>
<os><type arch='x86_64'${machine === "" ? "" : ` machine='${machine}'`}>hvm</type></os>${top}<devices>${devices}</devices></domain>`;
}

let cards = 0;

function card(type: string, inside = ""): string {
  cards++;
  return `<interface type='${type}'><mac address='52:54:00:00:00:${cards.toString(16).padStart(2, "0")}'/>${inside}</interface>`;
}

const DISKS: Readonly<Record<string, string>> = {
  virtio: "vd",
  sata: "sd",
  ide: "hd",
  scsi: "sd",
  usb: "sd",
  fdc: "fd",
};

function disk(bus: string, letter = "a", device = bus === "fdc" ? "floppy" : "disk", inside = ""): string {
  return `<disk type='file' device='${device}'><source file='/images/${bus}-${letter}'/><target dev='${DISKS[bus]}${letter}' bus='${bus}'/>${inside}</disk>`;
}

const VNC = "<graphics type='vnc' port='-1' autoport='yes'/>";
const many = (count: number, each: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => each(at)).join("");
const letter = (at: number) => String.fromCharCode(97 + at);
const RNG = "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>";
const CHANNEL =
  "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel><channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>";
const SERIAL = "<serial type='pty'/>";
const PORTS = (count: number) =>
  many(count, (at) => `<controller type='pci' index='${at + 1}' model='pcie-root-port'/>`);

const BOTH: Readonly<Record<string, string>> = {
  nothing: "",
  "a kernel's guest": `${disk("virtio")}${card("user", "<model type='virtio'/>")}${SERIAL}${RNG}`,
  "disks of every bus": `${disk("virtio")}${disk("scsi", "b")}${disk("usb", "c")}${disk("fdc")}`,
  "a cdrom": disk("sata", "a", "cdrom"),
  "disks out of order": `${disk("virtio", "c")}${disk("virtio", "a")}${disk("virtio", "b")}`,
  "a qcow2 disk with a boot order": `<disk type='file'><driver name='qemu' type='qcow2' cache='none'/><source file='/i'/><target dev='vda'/><boot order='1'/></disk>${card("user", "<boot order='2'/>")}`,
  "cards of every model":
    ["virtio", "e1000", "e1000e", "rtl8139", "virtio-transitional"]
      .map((model) => card("user", `<model type='${model}'/>`))
      .join("") +
    card("user") +
    card("bridge", "<source bridge='br0'/>"),
  "a screen": VNC,
  "a screen and a tablet": `${VNC}<input type='tablet' bus='usb'/><video><model type='vga'/></video>`,
  "every kind of display": ["vga", "qxl", "virtio", "bochs"]
    .slice(0, 1)
    .concat(["qxl", "virtio"])
    .map((model) => `<video><model type='${model}'/></video>`)
    .join(""),
  "no display": "<video><model type='none'/></video>",
  "a virtio display": `${VNC}<video><model type='virtio'/></video>`,
  "a bochs display": `${VNC}<video><model type='bochs'/></video>`,
  "SPICE with sound": "<graphics type='spice' autoport='yes'/><sound model='ich9'/><sound model='ich6'/>",
  "channels and consoles": `${SERIAL}<serial type='file'><source path='/tmp/s'/></serial><console type='pty'/><console type='pty'><target type='virtio'/></console>${CHANNEL}`,
  "a channel on a port of its own": `<channel type='pty'><target type='virtio' name='a'/><address type='virtio-serial' controller='1' bus='0' port='3'/></channel><channel type='pty'><target type='virtio' name='b'/></channel>`,
  "more channels than one controller has": many(
    33,
    (at) => `<channel type='pty'><target type='virtio' name='c${at}'/></channel>`,
  ),
  "a virtio SCSI controller": `<controller type='scsi' model='virtio-scsi'/>${disk("scsi")}`,
  "USB devices behind a hub": many(7, () => "<input type='tablet' bus='usb'/>"),
  "USB 2": `<controller type='usb' model='ich9-ehci1'/><controller type='usb' model='ich9-uhci1'><master startport='0'/></controller><controller type='usb' model='ich9-uhci2'><master startport='2'/></controller><controller type='usb' model='ich9-uhci3'><master startport='4'/></controller><redirdev bus='usb' type='spicevmc'/>`,
  "no USB": "<controller type='usb' model='none'/>",
  "small devices": `${RNG}<watchdog model='i6300esb'/><memballoon model='virtio' autodeflate='on'><stats period='5'/></memballoon><panic/><input type='keyboard' bus='virtio'/><vsock/><shmem name='s'><model type='ivshmem-plain'/></shmem>`,
  "no balloon": "<memballoon model='none'/>",
  "a filesystem": "<filesystem type='mount'><source dir='/tmp'/><target dir='t'/></filesystem>",
  "host devices": `<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' bus='0xf6' slot='0x02' function='0x1'/></source></hostdev><hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product id='0x5678'/></source></hostdev>`,
  "addresses of the user's": `${disk("virtio", "a", "disk", "<address type='pci' slot='0x07'/>")}${disk("virtio", "b")}`,
  "a PCI address twice": `${disk("virtio", "a", "disk", "<address type='pci' slot='0x07'/>")}${disk("virtio", "b", "disk", "<address type='pci' slot='0x07'/>")}`,
  "a name of the user's": `${disk("virtio", "a", "disk", "<alias name='ua-mine'/>")}`,
  "many disks": many(26, (at) => disk("virtio", letter(at))),
};

const PC: Readonly<Record<string, string>> = {
  "IDE disks and a cdrom": `${disk("ide", "a")}${disk("ide", "c", "cdrom")}`,
  "SATA on a board without": disk("sata"),
  "more devices than a bus takes": many(40, () => card("user", "<model type='virtio'/>")),
  "an expander":
    "<controller type='pci' index='1' model='pci-expander-bus'/><controller type='pci' index='2' model='pci-bridge'/>",
  "a PIIX3 controller elsewhere":
    "<controller type='usb' index='0' model='piix3-uhci'><address type='pci' slot='0x05'/></controller>",
  "a root that is not of this board": "<controller type='pci' index='0' model='pcie-root'/>",
};

const Q35: Readonly<Record<string, string>> = {
  "SATA disks and a cdrom": `${disk("sata")}${disk("sata", "b", "cdrom")}${disk("sata", "h")}`,
  "IDE on a board without": disk("ide"),
  "twelve ports": `${PORTS(12)}${disk("virtio")}`,
  "a switch": `${PORTS(1)}<controller type='pci' index='2' model='pcie-switch-upstream-port'/>${many(3, (at) => `<controller type='pci' index='${at + 3}' model='pcie-switch-downstream-port'/>`)}`,
  "conventional devices": `${card("user", "<model type='e1000'/>")}${card("user", "<model type='rtl8139'/>")}`,
  "the old way to conventional devices": `<controller type='pci' index='1' model='dmi-to-pci-bridge'/><controller type='pci' index='2' model='pci-bridge'/>${card("user", "<model type='e1000'/>")}`,
  "an IOMMU": "<iommu model='intel'/>",
  "a virtio IOMMU": "<iommu model='virtio'/>",
  "a root that is not of this board": "<controller type='pci' index='0' model='pci-root'/>",
};

const TOPS: Readonly<Record<string, string>> = {
  "a processor's topology": "<vcpu>4</vcpu><cpu><topology sockets='2' cores='2' threads='1'/></cpu>",
  "a topology that does not fit": "<vcpu>3</vcpu><cpu><topology sockets='2' cores='2' threads='1'/></cpu>",
  "a named processor": "<cpu match='exact'><model>Nehalem</model><feature policy='disable' name='x2apic'/></cpu>",
  "the most of a processor": "<cpu mode='maximum'/>",
  "NUMA nodes":
    "<vcpu>4</vcpu><cpu><numa><cell cpus='0-1' memory='32' unit='MiB'/><cell cpus='2' memory='32' unit='MiB'/></numa></cpu>",
  "too many vCPUs": "<vcpu>1024</vcpu>",
  "features and a clock":
    "<features><acpi/><apic/></features><clock offset='localtime'><timer name='rtc' tickpolicy='catchup'/></clock>",
  "vcpu 0 offline": "<vcpu current='1'>2</vcpu><vcpus><vcpu id='0' enabled='no'/><vcpu id='1' enabled='yes'/></vcpus>",
  "a bootloader": "<bootloader>/x</bootloader>",
};

const OTHER: Readonly<Record<string, string>> = {
  "no machine": guest(""),
  "an unknown machine": guest("pc-9000"),
  "another architecture": guest("")
    .replace("x86_64", "alpha")
    .replace("<devices>", "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>"),
  "Xen's kind of guest": guest("").replace(">hvm<", ">xen<"),
  "memory to plug": guest(
    "pc",
    "<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target></memory>",
    "<maxMemory slots='4' unit='MiB'>1024</maxMemory><cpu><numa><cell id='0' cpus='0' memory='64' unit='MiB'/></numa></cpu>",
  ),
  "arguments for QEMU": guest("q35").replace(
    "</domain>",
    "<commandline xmlns='http://libvirt.org/schemas/domain/qemu/1.0'><env name='A' value='b'/><arg value='-x'/></commandline></domain>",
  ),
};

function on(machine: string, guests: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(guests).map(([what, devices]) => [`${machine}: ${what}`, guest(machine, devices)]);
}

/** Documents of x86 guests, by what they are about. */
export const GUESTS: Readonly<Record<string, string>> = Object.fromEntries([
  ...on("pc", { ...BOTH, ...PC }),
  ...on("q35", { ...BOTH, ...Q35 }),
  ...Object.entries(TOPS).map(([what, top]) => [`processors and features: ${what}`, guest("q35", "", top)] as const),
  ...Object.entries(OTHER),
]);

/** A guest with a device of most kinds, which a real emulator can start. `image`: a file for its disk. */
export function everyKind(machine: string, image: string): string {
  const cdrom = (bus: string, dev: string) =>
    `<disk type='file' device='cdrom'><target dev='${dev}' bus='${bus}'/></disk>`;
  return guest(
    machine,
    `<disk type='file'><source file='${image}'/><target dev='vdb' bus='virtio'/></disk>
${cdrom("scsi", "sda")}${machine === "pc" ? cdrom("ide", "hdc") : cdrom("sata", "sdc")}
<disk type='file' device='floppy'><target dev='fda' bus='fdc'/></disk>
<controller type='scsi' model='virtio-scsi'/>${card("user", "<model type='virtio'/>")}${card("user", "<alias name='ua-mine'/>")}${card("user")}
<serial type='null'/><serial type='null'/><parallel type='null'/><console type='null'/><console type='null'><target type='virtio'/></console>
<channel type='null'><target type='virtio' name='a'/></channel><channel type='null'><target type='virtio' name='b'/></channel>
<input type='tablet' bus='usb'/><input type='keyboard' bus='virtio'/>${VNC}<video><model type='vga'/></video><video><model type='virtio'/></video>
<sound model='ich6'/><watchdog model='i6300esb'/>${RNG}${RNG}<hub type='usb'/><panic/><redirdev bus='usb' type='null'/>`,
  );
}
