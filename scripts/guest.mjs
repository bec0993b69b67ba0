// Makes the guest that the tests boot: Debian's cloud kernel, unpacked and never installed, and an initramfs of busybox.
// Leaves .cache/guest/vmlinuz and .cache/guest/initrd; does nothing where they are newer than this file.
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { updateLists } from "./lib/debian.mjs";
import { output } from "./lib/run.mjs";

const cache = new URL("../.cache/", import.meta.url).pathname;
export const guestFolder = join(cache, "guest");

/** In the order in which the guest loads them: the power button always, the devices when `drivers` is on its command line. */
const BUTTON = ["drivers/input/evdev", "drivers/acpi/button"];
const DRIVERS = [
  "drivers/virtio/virtio_ring",
  "drivers/virtio/virtio",
  "drivers/virtio/virtio_pci_modern_dev",
  "drivers/virtio/virtio_pci_legacy_dev",
  "drivers/virtio/virtio_pci",
  "drivers/block/virtio_blk",
  "net/core/failover",
  "drivers/net/net_failover",
  "drivers/net/virtio_net",
  "drivers/cdrom/cdrom",
  "drivers/scsi/scsi_common",
  "drivers/scsi/scsi_mod",
  "drivers/ata/libata",
  "drivers/ata/ata_piix",
  "drivers/scsi/sr_mod",
];

const load = (modules) => modules.map((path) => `insmod /lib/modules/${path.split("/").pop()}.ko`).join("\n");

/** Says that it is ready once somebody listens to the power button. */
const INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev 2>/dev/null
/bin/busybox --install -s /bin
${load(BUTTON)}
if grep -qw drivers /proc/cmdline; then
${load(DRIVERS)}
sleep 0.5
echo "GUEST-DISKS: $(cd /sys/block && echo *)"
for nic in /sys/class/net/eth*; do [ -e $nic/address ] && echo "GUEST-NIC: $(cat $nic/address)"; done
fi
acpid -f -l /dev/null &
tries=0
until ls -l /proc/$!/fd | grep -q /dev/input; do
usleep 50000
tries=$((tries + 1))
[ $((tries % 100)) -eq 0 ] && kill $!
kill -0 $! || { acpid -f -l /dev/null & }
done 2>/dev/null
echo GUEST-READY
export PS1='guest> ' TERM=dumb
while :; do setsid cttyhack sh; done
`;
const ON_POWER_BUTTON = "#!/bin/sh\necho GUEST-POWERDOWN > /dev/console\npoweroff -f\n";

export async function makeGuest() {
  if (await isFresh()) return;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, "guest-"));
  try {
    const kernel = await unpackKernel(work);
    const made = join(work, "made");
    await mkdir(made);
    await copyFile(kernel.image, join(made, "vmlinuz"));
    await packInitramfs(join(work, "root"), kernel.modules, join(made, "initrd"));
    await rm(guestFolder, { recursive: true, force: true });
    await rename(made, guestFolder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function isFresh() {
  const [made, recipe] = await Promise.all([
    stat(join(guestFolder, "initrd")).catch(() => undefined),
    stat(new URL(import.meta.url)),
  ]);
  return made !== undefined && made.mtimeMs > recipe.mtimeMs;
}

/** linux-image-cloud-amd64 names the kernel of the day among its dependencies. */
async function unpackKernel(work) {
  await updateLists();
  const depends = await output("apt-cache", ["depends", "linux-image-cloud-amd64"]);
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new Error("apt-cache does not know linux-image-cloud-amd64");
  // As root apt would fetch as the user _apt, who may not write here.
  await output("apt-get", ["download", "-q", "-o", "APT::Sandbox::User=root", name], { cwd: work });
  const deb = (await readdir(work)).find((file) => file.endsWith(".deb"));
  const tree = join(work, "kernel");
  await output("dpkg", ["-x", join(work, deb), tree]);
  const release = name.slice("linux-image-".length);
  return { image: join(tree, `boot/vmlinuz-${release}`), modules: join(tree, `lib/modules/${release}/kernel`) };
}

async function packInitramfs(root, modules, target) {
  for (const folder of [
    "bin",
    "dev",
    "etc/acpi/PWRF",
    "lib/modules",
    "mnt",
    "proc",
    "sys",
    "tmp",
    "var/log",
    "var/run",
  ]) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await copyFile("/bin/busybox", join(root, "bin/busybox"));
  for (const path of [...BUTTON, ...DRIVERS]) {
    await copyFile(join(modules, `${path}.ko`), join(root, "lib/modules", `${path.split("/").pop()}.ko`));
  }
  await executable(join(root, "init"), INIT);
  await executable(join(root, "etc/acpi/PWRF/00000080"), ON_POWER_BUTTON);
  await output("sh", ["-c", 'find . | LC_ALL=C sort | cpio -o -H newc --quiet | gzip -9 > "$1"', "sh", target], {
    cwd: root,
  });
}

async function executable(path, text) {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

if (process.argv[1] === new URL(import.meta.url).pathname) await makeGuest();
