import { VirtError } from "@polyvisor/core";
import test from "ava";
import { parseDomain } from "../read.js";
import { checkAbiStability } from "./index.js";

const BASE = `<domain type='kvm'>
  <name>guest</name>
  <uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>
  <genid>e9392370-2917-565e-692b-d057f46512d6</genid>
  <maxMemory slots='16' unit='KiB'>1099511627776</maxMemory>
  <memory unit='KiB'>2097152</memory>
  <currentMemory unit='KiB'>1048576</currentMemory>
  <vcpu current='2'>4</vcpu>
  <sysinfo type='smbios'>
    <bios><entry name='vendor'>LENOVO</entry></bios>
    <system><entry name='product'>Virt</entry></system>
    <baseBoard><entry name='serial'>1</entry></baseBoard>
    <chassis><entry name='sku'>2</entry></chassis>
  </sysinfo>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><smbios mode='sysinfo'/></os>
  <features>
    <acpi/><apic eoi='on'/><pvspinlock state='on'/><ioapic driver='kvm'/><gic version='2'/><cfpc value='broken'/>
    <hyperv><relaxed state='on'/><spinlocks state='on' retries='8191'/><stimer state='on'><direct state='on'/></stimer>
      <vendor_id state='on' value='KVM Hv'/></hyperv>
    <kvm><hidden state='on'/><dirty-ring state='on' size='4096'/></kvm>
    <xen><e820_host state='on'/><passthrough state='on' mode='share_pt'/></xen>
    <smm state='on'><tseg unit='MiB'>48</tseg></smm>
    <hpt resizing='required'><maxpagesize unit='KiB'>64</maxpagesize></hpt>
    <capabilities policy='deny'/>
  </features>
  <cpu mode='custom' match='exact' check='partial'><model>Haswell</model><vendor>Intel</vendor>
    <topology sockets='1' dies='1' cores='2' threads='2'/><cache level='3' mode='emulate'/>
    <maxphysaddr mode='emulate' bits='42'/><feature policy='require' name='vmx'/>
    <numa><cell id='0' cpus='0-1' memory='1048576'><distances><sibling id='1' value='21'/></distances></cell>
      <cell id='1' cpus='2-3' memory='524288'/></numa></cpu>
  <clock offset='utc'><timer name='tsc' present='yes' frequency='3504000000' mode='paravirt'/></clock>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' queues='4' queue_size='256' iommu='on' packed='on'/>
      <source file='/a'/><target dev='vda' bus='virtio' rotation_rate='5000'/><serial>S1</serial><wwn>5000c50015ea71ad</wwn>
      <acpi index='3'/><address type='pci' domain='0x0000' bus='0x01' slot='0x02' function='0x0'/></disk>
    <disk type='file' device='cdrom'><target dev='sdb' bus='sata'/><readonly/>
      <address type='drive' controller='0' bus='0' target='0' unit='1'/></disk>
    <controller type='virtio-serial' index='0' ports='16' vectors='4'/>
    <controller type='usb' index='0' model='qemu-xhci' ports='8'/>
    <filesystem type='mount'><source dir='/b'/><target dir='share'/><readonly/></filesystem>
    <interface type='user'><mac address='52:54:00:00:00:01'/><model type='virtio'/><mtu size='1500'/></interface>
    <interface type='user'><mac address='52:54:00:00:00:02'/><model type='odd'/></interface>
    <smartcard mode='host'><address type='ccid' controller='0' slot='0'/></smartcard>
    <serial type='pty'><target type='isa-serial' port='0'><model name='isa-serial'/></target>
      <address type='isa' iobase='0x3f8' irq='0x4'/></serial>
    <parallel type='pty'><target port='0'/></parallel>
    <console type='pty'><target type='virtio' port='0'/></console>
    <channel type='pty'><target type='virtio' name='org.a'/>
      <address type='virtio-serial' controller='0' bus='0' port='2'/></channel>
    <channel type='pty'><target type='guestfwd' address='10.0.2.1' port='4600'/></channel>
    <input type='tablet' bus='usb'/>
    <tpm model='tpm-tis'><backend type='emulator' version='2.0'><active_pcr_banks><sha256/></active_pcr_banks></backend></tpm>
    <sound model='ich9'/>
    <video><model type='virtio' heads='1' ram='65536' vram='16384' vram64='1024' vgamem='8192'>
      <acceleration accel3d='yes' accel2d='no'/></model></video>
    <hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/><product id='0x2'/></source></hostdev>
    <redirdev bus='usb' type='spicevmc'/>
    <redirfilter><usbdev class='0x08' vendor='0x1234' product='0xbeef' version='2.56' allow='yes'/></redirfilter>
    <hub type='usb'/>
    <watchdog model='i6300esb' action='none'/>
    <memballoon model='virtio' autodeflate='on' freePageReporting='on'/>
    <rng model='virtio'><backend model='random'>/dev/random</backend></rng>
    <panic model='isa'/>
    <shmem name='s' role='peer'><model type='ivshmem-doorbell'/><size unit='M'>4</size><server path='/s'/>
      <msi vectors='4' ioeventfd='on'/></shmem>
    <memory model='nvdimm'><uuid>49545eb3-75e1-2d0a-acdd-f0294406c99e</uuid><source><path>/n</path>
      <alignsize unit='KiB'>2048</alignsize><pmem/></source><target><size unit='KiB'>524288</size><node>0</node>
      <label><size unit='KiB'>128</size></label><readonly/></target><address type='dimm' slot='0' base='0x100'/></memory>
    <memory model='virtio-mem'><target><size unit='KiB'>131072</size><node>1</node><block unit='KiB'>2048</block>
      <requested unit='KiB'>65536</requested></target></memory>
    <iommu model='intel'><driver intremap='on' caching_mode='on' eim='on' iotlb='on' aw_bits='48'/></iommu>
    <vsock model='virtio'><cid auto='no' address='4'/></vsock>
  </devices>
</domain>`;

/** What is changed in the base, and libvirt's words for it. */
const CHANGES: readonly (readonly [from: string, to: string, words: string])[] = [
  ["type='kvm'>\n  <name>", "type='qemu'>\n  <name>", "Target domain virt type qemu does not match source kvm"],
  [
    "c7a5fdbd-edaf",
    "00000000-edaf",
    "Target domain uuid 00000000-edaf-9455-926a-d65c16db1809 does not match source c7a5fdbd-edaf-9455-926a-d65c16db1809",
  ],
  ["<genid>e9392370-2917-565e-692b-d057f46512d6</genid>", "", "Target domain requested genid does not match source"],
  [
    "e9392370",
    "00000000",
    "Target domain genid 00000000-2917-565e-692b-d057f46512d6 does not match source e9392370-2917-565e-692b-d057f46512d6",
  ],
  ["<name>guest", "<name>other", "Target domain name 'other' does not match source 'guest'"],
  [">2097152<", ">3097152<", "Target domain max memory 2441792 does not match source 1441792"],
  [">1048576<", ">1048000<", "Target domain current memory 1048000 does not match source 1048576"],
  [
    ">1099511627776<",
    ">1099511627775<",
    "Target maximum memory size '1099511627775' doesn't match source '1099511627776'",
  ],
  ["slots='16'", "slots='8'", "Target domain memory slots count '8' doesn't match source '16'"],
  [
    "memory='524288'/>",
    "memory='524288'/><cell id='2' memory='1024'/>",
    "Target NUMA node count '3' doesn't match source '2'",
  ],
  ["memory='524288'", "memory='524287'", "Size of target NUMA node 1 (524287) doesn't match source (524288)"],
  ["cpus='2-3'", "cpus='3'", "Processor mask of target NUMA node 1 doesn't match source"],
  ["value='21'", "value='22'", "Target NUMA distance from 0 to 1 doesn't match source"],
  ["'2'>4<", "'2'>5<", "Target domain vCPU max 5 does not match source 4"],
  ["<vcpu current='2'", "<vcpu current='3'", "State of vCPU '2' differs between source and destination definitions"],
  [">hvm<", ">xen<", "Target domain OS type xen does not match source hvm"],
  ["arch='x86_64'", "arch='i686'", "Target domain architecture i686 does not match source x86_64"],
  ["pc-q35-7.2", "pc", "Target domain machine type pc does not match source pc-q35-7.2"],
  ["mode='sysinfo'", "mode='host'", "Target domain SMBIOS mode host does not match source sysinfo"],
  ["<acpi/>", "", "State of feature 'acpi' differs: source: 'on', destination: 'default'"],
  ["eoi='on'", "eoi='off'", "State of feature 'apic' differs: source: 'on,eoi=on', destination: 'on,eoi=off'"],
  [
    "<pvspinlock state='on'",
    "<pvspinlock state='off'",
    "State of feature 'pvspinlock' differs: source: 'on', destination: 'off'",
  ],
  [
    "driver='kvm'",
    "driver='qemu'",
    "State of feature 'ioapic' differs: source: 'driver=kvm', destination: 'driver=qemu'",
  ],
  [
    "version='2'/>",
    "version='3'/>",
    "State of feature 'gic' differs: source: 'on,version=2', destination: 'on,version=3'",
  ],
  [
    "value='broken'",
    "value='fixed'",
    "State of feature 'cfpc' differs: source: 'value=broken', destination: 'value=fixed'",
  ],
  [
    "resizing='required'",
    "resizing='enabled'",
    "State of feature 'hpt' differs: source: 'on,resizing=required,maxpagesize=64', destination: 'on,resizing=enabled,maxpagesize=64'",
  ],
  [
    "policy='deny'",
    "policy='allow'",
    "State of feature 'capabilities' differs: source: 'policy=deny', destination: 'policy=allow'",
  ],
  [
    "<relaxed state='on'",
    "<relaxed state='off'",
    "State of HyperV enlightenment feature 'relaxed' differs: source: 'on', destination: 'off'",
  ],
  ["8191", "8192", "HyperV spinlock retry count differs: source: '8191', destination: '8192'"],
  [
    "<direct state='on'",
    "<direct state='off'",
    "State of HyperV stimer direct feature differs: source: 'on', destination: 'off'",
  ],
  ["KVM Hv", "Hv", "HyperV vendor_id differs: source: 'KVM Hv', destination: 'Hv'"],
  [
    "<hidden state='on'",
    "<hidden state='off'",
    "State of KVM feature 'hidden' differs: source: 'on', destination: 'off'",
  ],
  [
    "size='4096'",
    "size='8192'",
    "dirty ring size of KVM feature 'dirty-ring' differs: source: '4096', destination: '8192'",
  ],
  [
    "<e820_host state='on'",
    "<e820_host state='off'",
    "State of Xen feature 'e820_host' differs: source: 'on', destination: 'off'",
  ],
  [
    "mode='share_pt'",
    "mode='sync_pt'",
    "'mode' of Xen passthrough feature differs: source: 'share_pt', destination: 'sync_pt'",
  ],
  ["<tseg unit='MiB'>48</tseg>", "", "SMM TSEG differs: source: specified, destination: 'not specified'"],
  [">48<", ">64<", "Size of SMM TSEG size differs: source: '48 MiB', destination: '64 MiB'"],
  [
    "<timer name='tsc' present='yes' frequency='3504000000' mode='paravirt'/>",
    "",
    "Target domain timers do not match source",
  ],
  ["present='yes'", "present='no'", "Target timer presence 'no' does not match source 'yes'"],
  ["3504000000", "3500000000", "Target TSC frequency 3500000000 does not match source 3504000000"],
  ["mode='paravirt'", "mode='native'", "Target TSC mode native does not match source paravirt"],
  ["check='partial'", "check='full'", "Target CPU check full does not match source partial"],
  ["<model>Haswell", "<model>Nehalem", "Target CPU model Nehalem does not match source Haswell"],
  ["<vendor>Intel", "<vendor>AMD", "Target CPU vendor AMD does not match source Intel"],
  ["cores='2'", "cores='4'", "Target CPU cores 4 does not match source 2"],
  ["bits='42'", "bits='43'", "Target CPU maxphysaddr does not match source"],
  ["<feature policy='require' name='vmx'/>", "", "Target CPU feature count 0 does not match source 1"],
  ["name='vmx'", "name='svm'", "Target CPU feature svm does not match source vmx"],
  ["policy='require'", "policy='force'", "Target CPU feature policy force does not match source require"],
  ["<cache level='3' mode='emulate'/>", "", "Target CPU cache does not match source"],
  [">LENOVO<", ">DELL<", "Target sysinfo BIOS vendor DELL does not match source LENOVO"],
  [">Virt<", ">Real<", "Target sysinfo system product Real does not match source Virt"],
  [
    "<baseBoard><entry name='serial'>1</entry></baseBoard>",
    "",
    "Target sysinfo base board count '0' does not match source '1'",
  ],
  ["<entry name='sku'>2<", "<entry name='sku'>3<", "Target sysinfo chassis sku 3 does not match source 2"],
  ["device='cdrom'", "device='disk'", "Target disk device disk does not match source cdrom"],
  ["bus='virtio' rot", "bus='scsi' rot", "Target disk bus scsi does not match source virtio"],
  ["dev='vda'", "dev='vdb'", "Target disk vdb does not match source vda"],
  ["<serial>S1</serial>", "", "Target disk serial <null> does not match source S1"],
  ["71ad<", "71ae<", "Target disk wwn '5000c50015ea71ae' does not match source '5000c50015ea71ad'"],
  ["bus='sata'/><readonly/>", "bus='sata'/>", "Target disk access mode does not match source"],
  [
    "device='disk'>",
    "device='disk' model='virtio-transitional'>",
    "Target disk model virtio-transitional does not match source default",
  ],
  ["'5000'", "'7200'", "Target disk rotation rate 7200 RPM does not match source 5000 RPM"],
  ["queues='4'", "queues='2'", "Target disk queue count 2 does not match source 4"],
  ["queue_size='256'", "queue_size='128'", "Target disk queue size 128 does not match source 256"],
  ["iommu='on' packed", "iommu='off' packed", "Target device iommu option 'off' does not match source 'on'"],
  ["packed='on'", "packed='off'", "Target device packed option 'off' does not match source 'on'"],
  [" iommu='on' packed='on'", "", "Target device virtio options don't match the source"],
  [
    "<address type='pci' domain='0x0000' bus='0x01' slot='0x02' function='0x0'/>",
    "<address type='unassigned'/>",
    "Target device address type unassigned does not match source pci",
  ],
  ["slot='0x02'", "slot='0x03'", "Target device PCI address 0000:01:03.0does not match source 0000:01:02.0"],
  ["unit='1'", "unit='2'", "Target device drive address 0:0:2 does not match source 0:0:1"],
  ["bus='0' port='2'", "bus='0' port='3'", "Target device virtio serial address 0:0:3 does not match source 0:0:2"],
  ["slot='0'/></smart", "slot='1'/></smart", "Target device ccid address 0:1 does not match source 0:0"],
  ["irq='0x4'", "irq='0x3'", "Target device isa address 1016:3 does not match source 1016:4"],
  ["type='dimm' slot='0'", "type='dimm' slot='1'", "Target device dimm slot 1 does not match source 0"],
  ["base='0x100'", "base='0x200'", "Target device dimm base address '200' does not match source '100'"],
  ["<acpi index='3'", "<acpi index='4'", "Target ACPI index '4' does not match source '3'"],
  ["ports='16'", "ports='8'", "Target controller ports 8 does not match source 16"],
  ["vectors='4'/>\n", "vectors='5'/>\n", "Target controller vectors 5 does not match source 4"],
  ["qemu-xhci", "nec-xhci", "Target controller model nec-xhci does not match source qemu-xhci"],
  ["dir='share'", "dir='other'", "Target filesystem guest target other does not match source share"],
  ["dir='share'/><readonly/>", "dir='share'/>", "Target filesystem access mode does not match source"],
  [
    "<filesystem type='mount'>",
    "<filesystem type='mount' model='virtio'>",
    "Target filesystem model does not match source",
  ],
  ["00:01'", "00:03'", "Target network card mac 52:54:00:00:00:03 does not match source 52:54:00:00:00:01"],
  ["type='odd'", "type='odder'", "Target network card model odder does not match source odd"],
  [
    "<model type='virtio'/><mtu",
    "<model type='e1000'/><mtu",
    "Target network card model e1000 does not match source virtio",
  ],
  ["size='1500'", "size='9000'", "Target network card MTU 9000 does not match source 1500"],
  ["'tablet'", "'mouse'", "Target input device type mouse does not match source tablet"],
  ["'tablet' bus='usb'", "'tablet' bus='virtio'", "Target input device bus virtio does not match source usb"],
  ["model='ich9'", "model='ac97'", "Target sound card model ac97 does not match source ich9"],
  ["<sound model='ich9'/>", "", "Target domain sound card count 0 does not match source 1"],
  ["type='virtio' heads", "type='vga' heads", "Target video card model vga does not match source virtio"],
  ["heads='1'", "heads='2'", "Target video card heads 2 does not match source 1"],
  ["vram='16384'", "vram='32768'", "Target video card vram 32768 does not match source 16384"],
  ["accel3d='yes'", "accel3d='no'", "Target video card 3d accel 2 does not match source 1"],
  [
    "type='usb'><source><vendor id='0x1'/><product id='0x2'/></source>",
    "type='pci'><source><address bus='1'/></source>",
    "Target host device subsystem pci does not match source usb",
  ],
  ["type='isa-serial' port='0'", "type='isa-serial' port='1'", "Target serial port 1 does not match source 0"],
  [
    "<target type='isa-serial'",
    "<target type='system-serial'",
    "Target serial type system-serial does not match source isa-serial",
  ],
  ["<target port='0'/></par", "<target port='1'/></par", "Target parallel port 1 does not match source 0"],
  ["name='org.a'", "name='org.b'", "Target channel name org.b does not match source org.a"],
  ["10.0.2.1", "10.0.2.2", "Target channel addr 10.0.2.2:4600 does not match source 10.0.2.1:4600"],
  ["type='virtio' port='0'", "type='xen' port='0'", "Target console type xen does not match source virtio"],
  [
    "bus='usb' type='spicevmc'",
    "bus='usb' type='pty'",
    "Target redirected device source type pty does not match source device source type spicevmc",
  ],
  ["class='0x08'", "class='0x09'", "Target USB Class code does not match source"],
  ["allow='yes'", "allow='no'", "Target USB allow 'no' does not match source 'yes'"],
  ["<hub type='usb'/>", "", "Target domain hub device count 0 does not match source 1"],
  ["i6300esb", "ib700", "Target watchdog model ib700 does not match source i6300esb"],
  ["<watchdog model='i6300esb' action='none'/>", "", "Target domain watchdog count 0 does not match source 1"],
  [
    "autodeflate='on'",
    "autodeflate='off'",
    "Target balloon autodeflate attribute value 'off' does not match source 'on'",
  ],
  [
    "<rng model='virtio'",
    "<rng model='virtio-transitional'",
    "Target RNG model 'virtio-transitional' does not match source 'virtio'",
  ],
  ["<panic model='isa'", "<panic model='hyperv'", "Target panic model 'hyperv' does not match source 'isa'"],
  ["role='peer'", "role='master'", "Target shared memory role 'master' does not match source role 'peer'"],
  ["unit='M'>4<", "unit='M'>8<", "Target shared memory size '8388608' does not match source size '4194304'"],
  [
    "<server path='/s'/>\n      <msi vectors='4' ioeventfd='on'/>",
    "",
    "Target shared memory server usage doesn't match source",
  ],
  ["<msi vectors='4'", "<msi vectors='5'", "Target shared memory MSI configuration doesn't match source"],
  ["tpm-tis", "tpm-crb", "Target TPM device model doesn't match source"],
  ["version='2.0'", "version='1.2'", "Target TPM version doesn't match source"],
  ["<sha256/>", "<sha384/>", "Target active PCR banks doesn't match source"],
  ["'virtio-mem'", "'virtio-pmem'", "Target memory device model 'virtio-pmem' doesn't match source model 'virtio-mem'"],
  ["<node>1</node>", "<node>0</node>", "Target memory device targetNode '0' doesn't match source targetNode '1'"],
  [
    "<block unit='KiB'>2048",
    "<block unit='KiB'>4096",
    "Target memory device block size '4096' doesn't match source memory device block size '2048'",
  ],
  [
    ">65536</req",
    ">32768</req",
    "Target memory device requested size '32768' doesn't match source memory device requested size '65536'",
  ],
  [">128</size>", ">256</size>", "Target NVDIMM label size '256' doesn't match source NVDIMM label size '128'"],
  ["<pmem/>", "", "Target NVDIMM pmem flag doesn't match source NVDIMM pmem flag"],
  ["49545eb3", "00000000", "Target NVDIMM UUID doesn't match source NVDIMM"],
  ["eim='on'", "eim='off'", "Target domain IOMMU device eim value 'off' does not match source 'on'"],
  ["aw_bits='48'", "aw_bits='39'", "Target domain IOMMU device aw_bits value '39' does not match source '48'"],
  [
    "<vsock model='virtio'",
    "<vsock model='virtio-transitional'",
    "Target domain vsock device model 'virtio-transitional' does not match source 'virtio'",
  ],
  [
    "<vsock model='virtio'><cid auto='no' address='4'/></vsock>",
    "",
    "Target domain vsock device count does not match source",
  ],
];

// the changes need not make sense together: this is about what was read
const READ = { skipDefaults: true } as const;

test("a configuration is stable against itself", (t) => {
  const domain = parseDomain(BASE, READ);
  t.notThrows(() => checkAbiStability(domain, domain));
});

test("each thing that a guest would notice is refused in libvirt's words", (t) => {
  const source = parseDomain(BASE, READ);
  for (const [from, to, words] of CHANGES) {
    t.true(BASE.includes(from), from);
    const target = parseDomain(BASE.replace(from, to), READ);
    const error = t.throws(() => checkAbiStability(source, target), { instanceOf: VirtError }, `${from} -> ${to}`);
    t.is(error?.message, `unsupported configuration: ${words}`);
  }
});

test("what a guest does not see may change", (t) => {
  const source = parseDomain(BASE, READ);
  const target = BASE.replace("<source file='/a'/>", "<source file='/elsewhere'/>").replace(
    "action='none'",
    "action='reset'",
  );
  t.notThrows(() => checkAbiStability(source, parseDomain(target, READ)));
});

test("the balloon's size may change where it is asked for", (t) => {
  const source = parseDomain(BASE, READ);
  const target = parseDomain(BASE.replace(">1048576<", ">524288<"), READ);
  t.notThrows(() => checkAbiStability(source, target, { skipVolatile: true }));
});
