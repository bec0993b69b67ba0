/** QEMU's names of architectures where they differ from libvirt's. */
const QEMU_NAMES: Readonly<Record<string, string>> = { i686: "i386", armv6l: "arm", armv7l: "arm", openrisc: "or1k" };
const LIBVIRT_NAMES: Readonly<Record<string, string>> = { i386: "i686", arm: "armv7l", or1k: "openrisc" };
/** Node's names (`process.arch`) in libvirt's words. */
/** Every guest architecture that QEMU has a system emulator for, in libvirt's names and libvirt's order. */
export const GUEST_ARCHES = [
  "alpha",
  "armv6l",
  "armv7l",
  "aarch64",
  "cris",
  "i686",
  "lm32",
  "m68k",
  "microblaze",
  "microblazeel",
  "mips",
  "mipsel",
  "mips64",
  "mips64el",
  "openrisc",
  "parisc",
  "ppc",
  "ppc64",
  "ppc64le",
  "riscv32",
  "riscv64",
  "s390x",
  "sh4",
  "sh4eb",
  "sparc",
  "sparc64",
  "unicore32",
  "x86_64",
  "xtensa",
  "xtensaeb",
] as const;

export function archToQemu(arch: string): string {
  return QEMU_NAMES[arch] ?? arch;
}

export function archFromQemu(arch: string): string {
  return LIBVIRT_NAMES[arch] ?? arch;
}

/** Whether a guest's code can run on the host's processor without translation. */
export function isNativeGuest(host: string, guest: string): boolean {
  if (host === guest) return true;
  if (host === "x86_64") return guest === "i686";
  if (host === "aarch64") return guest === "armv7l";
  return host.startsWith("ppc64") && guest.startsWith("ppc64");
}

export function isX86(arch: string): boolean {
  return arch === "x86_64" || arch === "i686";
}
