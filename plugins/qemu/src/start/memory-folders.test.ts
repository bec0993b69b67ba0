import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { EMULATOR, hasEmulator } from "@polyvisor/sdk/testkit";
import test from "ava";
import { makeRig, pidOf } from "../testing/harness.js";
import { hugepageMounts } from "./memory-folders.js";

const withQemu = (await hasEmulator()) ? test : test.skip;

const MOUNTS = `proc /proc proc rw 0 0
hugetlbfs /dev/hugepages hugetlbfs rw,relatime,pagesize=2M 0 0
tmpfs /run tmpfs rw 0 0
none /mnt/huge1G hugetlbfs rw,pagesize=1024M 0 0
none /mnt/plain hugetlbfs rw,relatime 0 0
`;

test("mounts of huge pages: sizes in KiB, the default size first", (t) => {
  const mounts = hugepageMounts(MOUNTS, "MemTotal: 1 kB\nHugepagesize:    1048576 kB\n");
  t.deepEqual(mounts, [
    { path: "/mnt/huge1G", size: 1048576 },
    { path: "/mnt/plain", size: 1048576 },
    { path: "/dev/hugepages", size: 2048 },
  ]);
});

test("a host without huge pages has no mount of them", (t) => {
  t.deepEqual(hugepageMounts("proc /proc proc rw 0 0\n", "MemTotal: 1 kB\n"), []);
});

withQemu(
  "a guest whose memory is a file: it lies in the guest's folder, has a size that QEMU takes, and goes with the guest",
  async (t) => {
    const { connection, root } = await makeRig(t);
    const domain = await connection.define(`<domain type='qemu'><name>g</name><memory>65000</memory><vcpu>1</vcpu>
    <memoryBacking><source type='file'/></memoryBacking>
    <os><type arch='x86_64' machine='q35'>hvm</type></os><devices><emulator>${EMULATOR}</emulator></devices></domain>`);
    await domain.create();
    const folder = join(root, "var/lib/libvirt/qemu/ram");
    const [guest = ""] = await readdir(folder);
    t.regex(guest, /^\d+-g$/);
    const maps = await readFile(`/proc/${await pidOf(root, "g")}/maps`, "utf8");
    t.true(maps.includes(join(folder, guest)), "the emulator has it mapped");
    t.regex(await domain.getXMLDesc(), /<memory unit='KiB'>65536<\/memory>/);
    t.regex(await domain.getXMLDesc(2), /<memory unit='KiB'>65000<\/memory>/);
    await domain.destroy();
    t.deepEqual(await readdir(folder), []);
  },
);
