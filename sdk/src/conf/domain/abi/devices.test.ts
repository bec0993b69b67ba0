import test from "ava";
import { type Changes, refusesChanges } from "./testing/guest.js";

const CHANGES: Changes = [
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
];

test("a guest keeps its disks, controllers, file systems and network cards, and where devices are", (t) => {
  refusesChanges(t, CHANGES);
});
