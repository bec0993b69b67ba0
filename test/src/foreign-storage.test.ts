import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mayOpenSystemHost } from "@polyvisor/sdk/testkit";
import { outputOf } from "./harness/command.js";
import { type ConfiningDaemon, confiningPolyvisord, GUEST_USER } from "./harness/confined-guests.js";
import { labelledXml } from "./harness/label-daemon.js";
import { type Need, program, testWith } from "./harness/needs.js";
import { until } from "./harness/processes.js";
import { clientProgram, PYTHON } from "./harness/project.js";
import { stallingMounts } from "./harness/stalling-mount.js";

const host: Need = { name: "the kernel gives no mount namespace", met: mayOpenSystemHost(), kind: "kernel" };
const PROGRAMS = ["virsh", "qemu-system-x86_64", "qemu-img", "setpriv"];
const NEEDS = [...(await Promise.all(PROGRAMS.map(program))), ...(await stallingMounts()), host];

const DISK_BYTES = 1 << 20;

/** Two images of the guest's user on a server to which root is nobody, one above the other; and one on a read-only mount. */
async function makeStorage({ host }: ConfiningDaemon) {
  const [source, share, media] = ["source", "share", "media"].map((name) => join(host.folder, name));
  if (source === undefined || share === undefined || media === undefined) throw new Error("no folders");
  for (const folder of [source, share, media]) await mkdir(folder, { mode: 0o755 });
  await writeFile(join(source, "base.img"), Buffer.alloc(DISK_BYTES));
  const base = ["-F", "raw", "-b", join(share, "base.img"), join(source, "top.qcow2"), String(DISK_BYTES)];
  await outputOf("qemu-img", ["create", "-q", "-u", "-f", "qcow2", ...base]);
  const cd = join(media, "cd.iso");
  await writeFile(cd, Buffer.alloc(DISK_BYTES));
  await chmod(cd, 0o644);
  const readOnly = await host.run(["sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"', media]);
  if ((await readOnly.ended) !== 0) throw new Error("the mount cannot be made read-only");
  const said = join(host.folder, "server.log");
  const serve = [PYTHON, clientProgram("stalling-mount.py"), source, share, String(GUEST_USER)];
  await host.run(["sh", "-c", 'sleep 100000 | "$@"', "sh", ...serve], { output: said });
  await until("the share is mounted", async () => (await readFile(said, "utf8").catch(() => "")).includes("ready"));
  return { cd, top: join(share, "top.qcow2"), base: join(share, "base.img") };
}

testWith(
  "what a server keeps from root and what is read-only stay as they are, and guests use them",
  NEEDS,
  async (t) => {
    const daemon = await confiningPolyvisord("");
    try {
      const { cd, top, base } = await makeStorage(daemon);
      const cdrom = `<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='${cd}'/><target dev='hdc' bus='ide'/></disk>`;
      await daemon.virsh.define(labelledXml("far", { disks: { [top]: "" }, format: "qcow2", devices: cdrom }));
      const owners = async () => {
        const paths = [top, base, cd].map((path) => `/proc/${daemon.pid}/root${path}`);
        return (await Promise.all(paths.map((path) => stat(path)))).map(({ uid }) => uid);
      };
      const before = await owners();
      t.deepEqual(before, [GUEST_USER, GUEST_USER, 0]);
      await daemon.virsh.ok("start", "far");
      t.deepEqual(await owners(), before);
      const io = await daemon.virsh.ok("qemu-monitor-command", "far", "--hmp", "info block");
      t.true(
        [top, base, cd].every((path) => io.includes(path)),
        io,
      );
      await daemon.virsh.ok("destroy", "far");
      t.deepEqual(await owners(), before);
      t.deepEqual(await readdir(join(daemon.run, "../labels")).catch(() => []), []);
    } finally {
      await daemon.close();
    }
  },
);
