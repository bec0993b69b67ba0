import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import test from "ava";
import { type DomainHooks, formatDomain, parseDomain } from "./index.js";

// libvirt's own test driver runs inside virsh: the same XML must give the same document or the same words here.

const version = spawnSync("virsh", ["--version"], { encoding: "utf8" });
const compared = version.status === 0 && version.stdout.startsWith("9.0.");
const compare = compared ? test : test.skip;
const title = (what: string): string => (compared ? what : `needs virsh 9.0: ${what}`);

/** What libvirt's test driver declares and does. */
const HOOKS: DomainHooks = {
  defaultArch: "i686",
  features: new Set(["memory-hotplug", "offline-vcpupin", "individual-vcpus", "user-alias", "net-model-string"]),
  devices: {
    video: (video) => (video.model.type === undefined ? { ...video, model: { ...video.model, type: "vga" } } : video),
  },
};

function virsh(xml: string): { readonly xml: string } | { readonly error: string } {
  const folder = mkdtempSync(join(tmpdir(), "polyvisor-virsh-"));
  try {
    writeFileSync(join(folder, "g.xml"), xml);
    const script = `define ${join(folder, "g.xml")}; dumpxml g --inactive --security-info`;
    const run = spawnSync("virsh", ["-q", "-c", "test:///default", script], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    });
    const error = run.stderr
      .split(/^error: /m)
      .find((each) => each !== "" && !each.startsWith("Failed to define"))
      ?.trimEnd();
    if (run.stdout.includes("<domain"))
      return { xml: `${run.stdout.slice(run.stdout.indexOf("<domain")).trimEnd()}\n` };
    return { error: error ?? run.stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function ours(xml: string): { readonly xml: string } | { readonly error: string } {
  try {
    return { xml: formatDomain(parseDomain(xml, { hooks: HOOKS, abiUpdate: true }), { inactive: true, secure: true }) };
  } catch (error) {
    if (error instanceof VirtError) return { error: error.message };
    throw error;
  }
}

function guest(devices: string, top = ""): string {
  return `<domain type='test'><name>g</name><uuid>6f0b2d3c-0000-4000-8000-000000000001</uuid><memory unit='MiB'>64</memory>
${top}<os><type arch='x86_64'>hvm</type></os><devices>${devices}</devices></domain>`;
}

// a name of their own, for the test driver makes one up where there is none
const MAC = "<mac address='52:54:00:01:02:03'/><target dev='mine0'/>";

const CASES: Readonly<Record<string, string>> = {
  "nothing but what is needed": guest(""),
  "disks of every bus": guest(
    ["vda", "sda", "hdc", "fda", "xvda"]
      .map(
        (dev) =>
          `<disk type='file' device='${dev === "fda" ? "floppy" : "disk"}'><source file='/i'/><target dev='${dev}'/></disk>`,
      )
      .join(""),
  ),
  "disks out of order": guest(
    ["vdc", "vda", "vdaa", "vdb"]
      .map((dev) => `<disk type='block'><source dev='/dev/${dev}'/><target dev='${dev}' bus='virtio'/></disk>`)
      .join(""),
  ),
  "a disk with everything": guest(
    `<disk type='file' device='disk' snapshot='external'>
<driver name='qemu' type='qcow2' cache='none' error_policy='stop' rerror_policy='report' io='native' ioeventfd='on' event_idx='off'
copy_on_read='on' discard='unmap' iothread='1' detect_zeroes='on' queues='4' queue_size='256' iommu='on' ats='on' packed='on'>
<metadata_cache><max_size unit='KiB'>64</max_size></metadata_cache></driver>
<source file='/i' startupPolicy='optional'><slices><slice type='storage' offset='1' size='512'/></slices></source>
<backingStore type='file'><format type='raw'/><source file='/b'/><backingStore/></backingStore>
<geometry cyls='1' heads='2' secs='3' trans='lba'/><blockio logical_block_size='512' physical_block_size='4096'/>
<target dev='vda' bus='virtio' rotation_rate='1'/><iotune><total_bytes_sec>10</total_bytes_sec><group_name>x</group_name></iotune>
<shareable/><transient shareBacking='yes'/><serial>S&amp;1</serial><wwn>500a075112345678</wwn><vendor>V</vendor><product>P</product></disk>`,
    "<iothreads>1</iothreads>",
  ),
  "network disks": guest(`<disk type='network'><auth username='u'><secret type='ceph' usage='k'/></auth>
<source protocol='rbd' name='p/i'><host name='a' port='1'/><snapshot name='s'/></source><target dev='vda'/></disk>
<disk type='network' device='cdrom'><source protocol='https' name='x.iso' query='q=1'><host name='h'/><ssl verify='no'/>
<cookies><cookie name='a'>b</cookie></cookies><timeout seconds='5'/></source><target dev='hdc'/></disk>
<disk type='network'><source protocol='iscsi' name='iqn.x'><host name='h'/><initiator><iqn name='iqn.y'/></initiator></source><target dev='vdb'/></disk>`),
  "controllers without index":
    guest(`<controller type='usb' model='ich9-ehci1'/><controller type='usb' model='ich9-uhci1'/>
<controller type='scsi' model='virtio-scsi'><driver queues='4' iommu='on'/></controller><controller type='virtio-serial' ports='4'/>
<controller type='pci' model='pcie-root'/><controller type='pci' model='pcie-root-port'><target chassis='1' port='0x10'/></controller>`),
  interfaces:
    guest(`<interface type='user'>${MAC}<model type='virtio'/><driver name='vhost' queues='4'><host csum='off'/></driver>
<link state='down'/><mtu size='1400'/><boot order='1'/><rom bar='off' file='/r'/></interface>
<interface type='network'>${MAC}<source network='default' portgroup='p'/><bandwidth><inbound average='1' peak='2' burst='3' floor='4'/></bandwidth>
<vlan trunk='yes'><tag id='1'/><tag id='2' nativeMode='untagged'/></vlan><filterref filter='f'><parameter name='B' value='2'/><parameter name='A' value='1'/></filterref></interface>
<interface type='bridge'>${MAC}<source bridge='br0'/><model type='e1000'/></interface>
<interface type='direct'>${MAC}<source dev='eth0' mode='bridge'/></interface>
<interface type='vhostuser'>${MAC}<source type='unix' path='/s' mode='server'/><model type='virtio'/></interface>
<interface type='ethernet'>${MAC}<ip address='10.0.0.1' prefix='8'/><script path='/x'/></interface>`),
  "character devices":
    guest(`<serial type='tcp'><source mode='bind' host='h' service='1'/><protocol type='telnet'/><log file='/l' append='on'/></serial>
<serial type='unix'><source mode='connect' path='/u'><reconnect enabled='yes' timeout='3'/></source></serial>
<serial type='file'><source path='/f' append='on'/><target type='isa-serial' port='3'><model name='isa-serial'/></target></serial>
<parallel type='dev'><source path='/dev/p'/></parallel>
<serial type='udp'><source mode='bind' host='a' service='1'/><source mode='connect' host='b' service='2'/></serial>
<channel type='unix'><target type='virtio' name='org.a'/></channel><channel type='spicevmc'><target type='virtio' name='com.b'/></channel>
<console type='pty'><target type='virtio'/></console>`),
  "a console alone": guest("<console type='file'><source path='/c'/></console>"),
  graphics: guest(`<graphics type='vnc' port='5900' passwd='p' keymap='de' sharePolicy='ignore' websocket='-1'/>
<graphics type='spice' autoport='yes' defaultMode='secure'><channel name='main' mode='insecure'/><image compression='glz'/><clipboard copypaste='no'/></graphics>
<graphics type='sdl' display=':0'/><graphics type='egl-headless'><gl rendernode='/r'/></graphics>
<video><model type='qxl' ram='65000' vram='100' heads='1'/></video><video><model type='virtio'><acceleration accel3d='yes'/></model></video>`),
  "small devices":
    guest(`<input type='tablet' bus='usb'/><sound model='ich6'><codec type='micro'/></sound><watchdog model='ib700'/>
<memballoon model='virtio' autodeflate='on'><stats period='5'/></memballoon><rng model='virtio'><rate bytes='5' period='1'/><backend model='random'/></rng>
<panic model='isa'><address type='isa' iobase='0x505'/></panic><hub type='usb'/><redirdev bus='usb' type='spicevmc'/>
<redirfilter><usbdev class='0x08' vendor='0x1234' product='0xbeef' version='2.00' allow='yes'/></redirfilter>
<tpm model='tpm-crb'><backend type='emulator' version='2.0'><active_pcr_banks><sha512/><sha256/></active_pcr_banks></backend></tpm>
<vsock><cid address='4'/></vsock><shmem name='s'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>
<filesystem type='mount'><source dir='/a'/><target dir='t'/><readonly/></filesystem>
<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/><product id='2'/></source></hostdev>
<hostdev mode='subsystem' type='pci' managed='yes'><source><address bus='6' slot='2' function='1'/></source></hostdev>
<lease><lockspace>l</lockspace><key>k</key><target path='/l' offset='1'/></lease>`),
  "processors and memory": guest(
    "",
    `<vcpu placement='static' cpuset='0-3,^2' current='2'>4</vcpu><iothreads>2</iothreads><iothreadids><iothread id='5'/></iothreadids>
<cputune><shares>10</shares><quota>-1</quota><vcpupin vcpu='1' cpuset='2,3'/><emulatorpin cpuset='1'/><iothreadpin iothread='5' cpuset='0'/><vcpusched vcpus='0-1' scheduler='fifo' priority='1'/></cputune>
<numatune><memory mode='strict' nodeset='0'/></numatune><memtune><hard_limit unit='G'>1</hard_limit></memtune>
<memoryBacking><hugepages><page size='2' unit='MiB'/></hugepages><locked/><source type='memfd'/></memoryBacking><blkiotune><weight>500</weight></blkiotune>
<cpu mode='custom' match='minimum'><model fallback='forbid'>qemu64</model><topology sockets='2' cores='2' threads='1'/><feature policy='disable' name='svm'/>
<numa><cell cpus='0-1' memory='32' unit='MiB'/><cell cpus='2-3' memory='32' unit='MiB'><distances><sibling id='0' value='21'/></distances></cell></numa></cpu>`,
  ),
  "the rest of the domain": guest(
    "",
    `<title>T</title><description>D &lt;x&gt;</description><genid>0e7d1e1e-0000-4000-8000-000000000000</genid>
<metadata><a:b xmlns:a='urn:a'><a:c d="e'f">é</a:c><!-- note --></a:b></metadata><resource><partition>/m</partition></resource>
<features><acpi/><apic eoi='on'/><pae/><pmu state='off'/><hyperv><relaxed state='on'/><spinlocks state='on' retries='8191'/></hyperv><kvm><hidden state='on'/></kvm><smm><tseg unit='MiB'>16</tseg></smm></features>
<clock offset='utc' adjustment='7'><timer name='rtc' tickpolicy='catchup'><catchup threshold='1'/></timer><timer name='hpet' present='no'/></clock>
<on_crash>preserve</on_crash><pm><suspend-to-mem enabled='no'/></pm><seclabel type='static' model='x' relabel='yes'><label>l</label></seclabel>
<sysinfo type='smbios'><bios><entry name='vendor'>v</entry></bios><oemStrings><entry>o</entry></oemStrings></sysinfo>`,
  ),
  "no os type": guest("").replace("<type arch='x86_64'>hvm</type>", ""),
  "an unknown architecture": guest("").replace("x86_64", "z80"),
  "a bad size": guest("").replace(">64<", ">sixty<"),
  "no vcpus": guest("", "<vcpu>0</vcpu>"),
  "a bad disk name": guest("<disk><source file='/a'/><target dev='foo'/></disk>"),
  "a bad PCI address": guest("<rng model='virtio'><backend model='random'/><address type='pci' slot='0x20'/></rng>"),
  "two balloons": guest("<memballoon model='none'/><memballoon model='none'/>"),
  "boot order twice": guest(
    `<interface type='user'>${MAC}<boot order='1'/></interface><interface type='user'>${MAC}<boot order='1'/></interface>`,
  ),
  "both ways to boot": guest(`<interface type='user'>${MAC}<boot order='1'/></interface>`).replace(
    "</os>",
    "<boot dev='hd'/></os>",
  ),
  "a bridge without its name": guest(`<interface type='bridge'>${MAC}</interface>`),
  "an unknown watchdog": guest("<watchdog model='x'/>"),
  "a channel without type": guest("<channel type='pty'><target name='x'/></channel>"),
  "USB that is disabled": guest("<controller type='usb' model='none'/><hub type='usb'/>"),
  "a password that cannot expire": guest("<graphics type='vnc' passwd='p' passwdValidTo='soon'/>"),
  "a console that differs from the serial port": guest(
    "<serial type='file'><source path='/s'/></serial><console type='tcp'><target type='serial'/></console>",
  ),
  "a serial port without its file": guest("<serial type='file'/>"),
  "nmdm with one end": guest("<serial type='nmdm'><source master='/dev/nmdm0A'/></serial>"),
  "of two faults the disk's, though it comes later": guest(
    "<watchdog model='x'/><disk><source protocol='none'/><target dev='vda' bus='none'/></disk>",
  ),
  "a bad UUID of the firmware, after the devices": guest(
    "<panic model='x'/>",
    "<sysinfo type='smbios'><system><entry name='uuid'>6f0b2d3c-0000-4000-8000-000000000002</entry></system></sysinfo>",
  ),
  "a UUID of the firmware that is not the guest's": guest(
    "",
    "<sysinfo type='smbios'><system><entry name='uuid'>6f0b2d3c-0000-4000-8000-000000000002</entry></system></sysinfo>",
  ),
  "passthrough without a device": guest("<input type='passthrough' bus='virtio'/>"),
  "a virtual port without what it needs": guest(
    `<interface type='bridge'>${MAC}<source bridge='b'/><virtualport type='802.1Qbg'><parameters managerid='1'/></virtualport></interface>`,
  ),
  "a route to no network": guest(
    `<interface type='ethernet'>${MAC}<source><route address='10.0.0.1' prefix='8' gateway='10.0.0.2'/></source></interface>`,
  ),
  "an address in another form": guest(
    `<interface type='ethernet'>${MAC}<ip address='FE80:0::1' prefix='64'/><source><ip address='010.1' peer='10.2'/></source></interface>`,
  ),
  "monitors that share vCPUs": guest(
    "",
    `<vcpu>4</vcpu><cputune><cachetune vcpus='0-3'><cache id='0' level='3' type='both' size='3' unit='MiB'/>
<monitor level='3' vcpus='0-1'/><monitor level='3' vcpus='1-2'/></cachetune></cputune>`,
  ),
  "ways between NUMA nodes, told twice": guest(
    "",
    `<vcpu>2</vcpu><cpu><numa><cell cpus='0' memory='32768'/><cell cpus='1' memory='32768'/><interconnects>
<latency initiator='0' target='1' type='read' value='5'/><latency initiator='1' target='0' type='read' value='5'/></interconnects></numa></cpu>`,
  ),
  "a USB path that ends": guest("<input type='tablet' bus='usb'><address type='usb' bus='0' port='1.0'/></input>"),
  "an unterminated document": "<domain type='test'><name>g</name>",
};

for (const [what, xml] of Object.entries(CASES)) {
  compare(title(`virsh agrees: ${what}`), (t) => {
    t.deepEqual(ours(xml), virsh(xml));
  });
}
