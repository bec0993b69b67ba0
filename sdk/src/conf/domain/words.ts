import type { IoTune, LifecycleAction } from "./model/index.js";

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
