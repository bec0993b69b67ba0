import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCK_RESOURCE_FLAG, type LockResource, rootPaths } from "@polyvisor/core";
import test from "ava";
import { type DeviceKeys, deviceKeys } from "./device-keys.js";
import { leasesFor } from "./leases.js";
import { settingsOf } from "./settings.js";

const { READONLY, SHARED } = LOCK_RESOURCE_FLAG;
const settings = (config: Record<string, unknown> = {}) =>
  settingsOf(config, { mode: "system", paths: rootPaths("/root") });
const disk = (name: string, flags = 0): LockResource => ({ lockspace: null, name, path: null, offset: 0n, flags });
const lease = (name: string, more: Partial<LockResource> = {}): LockResource => ({
  lockspace: "space",
  name,
  path: "/leases",
  offset: 0n,
  flags: 0,
  ...more,
});

/** Stands for a host with devices: /dev/vg/* are volumes of LVM, /dev/sd* disks with a SCSI id. */
const keys: DeviceKeys = {
  lvmUuid: async (device) => (device.startsWith("/dev/vg/") ? `uuid of ${device}` : undefined),
  scsiId: async (device) => (device.startsWith("/dev/sd") ? `id of ${device}` : undefined),
};
const ALL = { file_lockspace_dir: "/files", lvm_lockspace_dir: "/lvm", scsi_lockspace_dir: "/scsi" };
/** `printf %s /a/disk | sha256sum` */
const HASH = "2e10c4d73724e71282baeca0bb59a1d6cf22c2ba12d41b046efff2be27417757";

type Row = readonly [config: Record<string, unknown>, resources: readonly LockResource[], leases: readonly string[]];

/** What libvirt's client asks its daemon for: the lockspace, the name, and the flags. */
const ROWS: Readonly<Record<string, Row>> = {
  "a disk is its path": [{}, [disk("/a/disk")], [" /a/disk 0"]],
  "a device is its path where no folder is shared": [{}, [disk("/dev/vg/a")], [" /dev/vg/a 0"]],
  "what is shared says so": [{}, [disk("/a", SHARED)], [" /a 1"]],
  "what is only read needs none": [{}, [disk("/a", READONLY), disk("/b", READONLY | SHARED)], []],
  "all come in one order, each once": [{}, [disk("/b"), disk("/a"), disk("/b")], [" /a 0", " /b 0"]],
  "a volume of LVM is its UUID": [ALL, [disk("/dev/vg/a")], ["/lvm uuid of /dev/vg/a 2"]],
  "a disk of SCSI is its id": [ALL, [disk("/dev/sda", SHARED)], ["/scsi id of /dev/sda 3"]],
  "a file is the hash of its path": [ALL, [disk("/a/disk")], [`/files ${HASH} 2`]],
  "a device that is neither is its path": [{ lvm_lockspace_dir: "/lvm" }, [disk("/dev/vda")], [" /dev/vda 0"]],
  "a lease is a file of its lockspace": [{}, [lease("key")], ["/leases/space key 0"]],
  "leases and disks": [{}, [lease("key"), disk("/a")], [" /a 0", "/leases/space key 0"]],
  "disks are none where the operator says so": [
    { auto_disk_leases: false },
    [lease("key"), disk("/a")],
    ["/leases/space key 0"],
  ],
  "nor are they required then, where he says so": [
    { auto_disk_leases: false, require_lease_for_disks: false },
    [disk("/a")],
    [],
  ],
  "who shares disks needs no leases": [{ auto_disk_leases: false }, [disk("/a", SHARED), disk("/b", READONLY)], []],
};

for (const [title, [config, resources, wanted]] of Object.entries(ROWS)) {
  test(title, async (t) => {
    const leases = await leasesFor(resources, settings(config), keys);
    const found = leases.map(({ path, name, flags }) => `${path} ${name} ${flags}`);
    t.deepEqual(found, [...wanted]);
  });
}

const REFUSED: Readonly<
  Record<string, readonly [config: Record<string, unknown>, resource: LockResource, words: RegExp]>
> = {
  "a guest that writes disks without a lease, where the operator requires them": [
    { auto_disk_leases: false },
    disk("/a"),
    /^unsupported configuration: Read\/write, exclusive access, disks were present, but no leases specified$/,
  ],
  "a lease in the midst of a file": [{}, lease("key", { offset: 512n }), /Offset must be zero for this lock manager/],
  "a lease without a lockspace": [
    {},
    lease("key", { lockspace: null }),
    /Missing path or lockspace for lease resource/,
  ],
};

for (const [title, [config, resource, message]] of Object.entries(REFUSED)) {
  test(`refused is ${title}`, async (t) => {
    await t.throwsAsync(leasesFor([resource], settings(config), keys), { message });
  });
}

/** What the real programs print, and how they end for a device that they do not know. No device is here to ask about. */
const FAKES = {
  lvs: 'case $* in *"--options uuid /dev/vg/a") echo "  06UgP5-2rhb-w3Bo"; exit 0 ;; esac; echo "not found" >&2; exit 5',
  scsi_id: 'case $* in "--replace-whitespace --whitelisted --device /dev/sda") echo 35000c500; exit 0 ;; esac; exit 1',
};

test.serial("a fake lvs and a fake scsi_id are asked as the real ones are", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "device-keys-"));
  const { PATH } = process.env;
  t.teardown(async () => {
    process.env.PATH = PATH;
    await rm(folder, { recursive: true });
  });
  for (const [name, script] of Object.entries(FAKES)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
  process.env.PATH = `${folder}:${PATH}`;
  t.is(await deviceKeys.lvmUuid("/dev/vg/a"), "06UgP5-2rhb-w3Bo");
  t.is(await deviceKeys.lvmUuid("/dev/sda"), undefined);
  t.is(await deviceKeys.scsiId("/dev/sda"), "35000c500");
  t.is(await deviceKeys.scsiId("/dev/vg/a"), undefined);
});
