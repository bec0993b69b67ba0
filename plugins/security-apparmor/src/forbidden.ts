import { type SecurityTarget, VirtError } from "@polyvisor/core";

/** Where programs, libraries and settings of the host are: no guest writes there, whatever its configuration says. */
const SYSTEM = [
  ...["/bin/", "/sbin/", "/etc/", "/lib", "/proc/", "/sys/", "/selinux/", "/lost+found/"],
  ...["/usr/bin/", "/usr/sbin/", "/usr/lib", "/usr/share/"],
  ...["/usr/local/bin/", "/usr/local/sbin/", "/usr/local/etc/", "/usr/local/lib"],
];
/** What guests boot from: they may read it. */
const BOOTABLE = [
  ...["/boot/", "/vmlinuz", "/initrd"],
  ...["edk2/", "OVMF/", "ovmf/", "AAVMF/", "qemu-efi/", "qemu-efi-aarch64/"].map((name) => `/usr/share/${name}`),
  ...["/usr/lib/u-boot/", "/usr/lib/riscv64-linux-gnu/opensbi"],
];
/** Devices of the host that are files of sysfs. */
const DEVICES = ["/sys/devices/pci", "/sys/kernel/config/target/vhost"];

/**
 * Fails where a target would open the host itself to the guest: its programs and settings are no images. Paths are without
 * symbolic links.
 */
export function refuseSystemFiles(targets: readonly SecurityTarget[]): void {
  for (const { path, readOnly, kind } of targets) {
    if (startsWithOne(path, DEVICES) || kind === "loader") continue;
    const looks = readOnly && startsWithOne(path, BOOTABLE);
    if (looks || !(startsWithOne(path, SYSTEM) || startsWithOne(path, BOOTABLE))) continue;
    throw new VirtError("CONFIG_UNSUPPORTED", `a guest under AppArmor may not have '${path}': it is of the host`, {
      domain: "SECURITY",
      hint: "put images in a folder of their own, such as /var/lib/libvirt/images",
    });
  }
}

function startsWithOne(path: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => path.startsWith(prefix));
}
