import test from "ava";
import { type Changes, refusesChanges } from "./testing/guest.js";

const CHANGES: Changes = [
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

test("a guest keeps its smaller devices", (t) => {
  refusesChanges(t, CHANGES);
});
