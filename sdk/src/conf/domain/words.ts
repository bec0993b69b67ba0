import type { IoTune, LifecycleAction } from "./model/index.js";

/** The architectures that have a name in libvirt. */
export const ARCHITECTURES: readonly string[] = (
  "alpha armv6l armv7l armv7b aarch64 cris i686 ia64 lm32 loongarch64 m68k microblaze microblazeel mips mipsel mips64 " +
  "mips64el openrisc parisc parisc64 ppc ppcle ppc64 ppc64le ppcemb riscv32 riscv64 s390 s390x sh4 sh4eb sparc sparc64 " +
  "unicore32 x86_64 xtensa xtensaeb"
).split(" ");

/** Everything that may follow when a guest powers off, reboots or crashes. */
export const LIFECYCLE_ACTIONS: readonly LifecycleAction[] = [
  "destroy",
  "restart",
  "rename-restart",
  "preserve",
  "coredump-destroy",
  "coredump-restart",
];

/** The rates and sizes among the limits of a disk, in libvirt's order. */
export const IO_TUNE_RATES = [
  "totalBytesSec",
  "readBytesSec",
  "writeBytesSec",
  "totalIopsSec",
  "readIopsSec",
  "writeIopsSec",
  "totalBytesSecMax",
  "readBytesSecMax",
  "writeBytesSecMax",
  "totalIopsSecMax",
  "readIopsSecMax",
  "writeIopsSecMax",
  "sizeIopsSec",
] as const satisfies readonly (keyof IoTune)[];
