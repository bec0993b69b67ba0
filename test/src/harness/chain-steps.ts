import { join } from "node:path";
import { outputOf } from "./command.js";

/** A guest of two disks that nobody reads. `IMAGES` is the folder of the images. */
export const CHAIN_GUEST = `<domain type='qemu'>
  <name>g</name>
  <uuid>8a2a6c60-6c1f-4a27-9b4c-3b0f1c6f7a12</uuid>
  <memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file'><driver name='qemu' type='qcow2'/><source file='IMAGES/a.qcow2'/><target dev='vda' bus='virtio'/></disk>
    <disk type='file'><driver name='qemu' type='raw'/><source file='IMAGES/b.img'/><target dev='vdb' bus='virtio'/></disk>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
</domain>`;

/** One of a user of its own, with the first of the disks alone. */
export const OWN_CHAIN_GUEST = CHAIN_GUEST.replace(/.*b\.img.*\n/, "").replace(
  "</domain>",
  "<seclabel type='static' model='dac' relabel='yes'><label>nobody:nogroup</label></seclabel></domain>",
);

/** The images of the guest; the first has something that takes a moment to be merged. */
export async function makeChainImages(folder: string): Promise<void> {
  const [a, b] = [join(folder, "a.qcow2"), join(folder, "b.img")];
  await outputOf("qemu-img", ["create", "-q", "-f", "qcow2", a, "64M"]);
  await outputOf("qemu-img", ["create", "-q", "-f", "raw", b, "8M"]);
  await outputOf("qemu-io", ["-c", "write 0 32M", a]);
  await outputOf("chmod", ["666", a, b]);
}

const only = (disk: string) => `--disk-only --diskspec ${disk === "vda" ? "vdb" : "vda"},snapshot=no`;

/** Commands of virsh. The documents are looked at before each of them. */
export const CHAIN_STEPS: readonly string[] = [
  "blockjob g vda --abort",
  "blockjob g vdz",
  "blockcommit g vda",
  "blockcommit g vda --active",
  "snapshot-create-as g s1 --disk-only --diskspec vda,file=IMAGES/b.img",
  "snapshot-create-as g s1 --disk-only --reuse-external --diskspec vda,file=IMAGES/none",
  "snapshot-create-as g s1 --disk-only --diskspec vda,file=IMAGES/new --diskspec vdb,file=IMAGES/no/folder",
  "snapshot-create-as g s1 --disk-only --diskspec vdz",
  "snapshot-create-as g s1 --disk-only --diskspec vda,snapshot=no --diskspec vdb,snapshot=no",
  "snapshot-create-as g a/b --disk-only",
  "snapshot-current g",
  "snapshot-create-as g s1 --disk-only --atomic",
  "snapshot-create-as g s1 --disk-only",
  `snapshot-create-as g s2 ${only("vda")} --no-metadata`,
  `snapshot-create-as g s3 ${only("vda")}`,
  "snapshot-dumpxml g s3",
  "snapshot-list g --tree",
  "snapshot-list g --roots --name",
  "snapshot-parent g s3",
  "blockcommit g vda --top IMAGES/a.s2 --base IMAGES/a.s1 --delete --wait",
  "blockcommit g vda --top IMAGES/a.s1 --base IMAGES/a.s3",
  "blockcommit g vda --top IMAGES/a.s1 --active",
  "blockcommit g vda --active --wait --shallow",
  "blockjob g vda --info",
  "detach-disk g vda",
  "blockcommit g vda --active",
  "snapshot-create-as g s4 --disk-only",
  "blockjob g vda --abort",
  "blockcommit g vda --active --wait --pivot",
  "blockpull g vdb --wait",
  "blockcopy g vda IMAGES/copy --wait",
  "blockcopy g vda IMAGES/copy --wait --transient-job",
  "blockjob g vda --pivot",
  "snapshot-delete g s3 --metadata",
  "snapshot-delete g s3 --metadata",
  "destroy g",
  "undefine g --snapshots-metadata",
];

/** Of a guest that is off. */
export const CHAIN_STEPS_OFF: readonly string[] = [
  "snapshot-create-as g off1 --disk-only",
  "snapshot-create-as g off2 --diskspec vda,snapshot=external --diskspec vdb,snapshot=no",
  "snapshot-dumpxml g off1",
  "snapshot-list g --tree",
  "undefine g",
  "undefine g --snapshots-metadata",
  "list --all",
];
