import { VirtError } from "@polyvisor/core";
import type { ExecutionContext } from "ava";
import { parseDomain } from "../../read.js";
import { checkAbiStability } from "../index.js";

/** A guest with something of everything that may not change under it. */
export const GUEST = `<domain type='kvm'>
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

/** What is changed in the guest, and libvirt's words for it. */
export type Changes = readonly (readonly [from: string, to: string, words: string])[];

/** The changes need not make sense together: this is about what was read. */
export const READ = { skipDefaults: true } as const;

export function refusesChanges(t: ExecutionContext, changes: Changes): void {
  const source = parseDomain(GUEST, READ);
  for (const [from, to, words] of changes) {
    t.true(GUEST.includes(from), from);
    const target = parseDomain(GUEST.replace(from, to), READ);
    const error = t.throws(() => checkAbiStability(source, target), { instanceOf: VirtError }, `${from} -> ${to}`);
    t.is(error?.message, `unsupported configuration: ${words}`);
  }
}
