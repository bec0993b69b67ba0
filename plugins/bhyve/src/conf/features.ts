/** What one bhyve can do and another cannot: it has grown with FreeBSD's releases. */
export type BhyveFeature =
  /** The clock of a guest can show UTC. */
  | "rtc-utc"
  /** One AHCI controller takes 32 disks rather than one. */
  | "ahci-32-slots"
  | "e1000"
  /** Guests can boot from a firmware image, without a loader on the host. */
  | "bootrom"
  | "fbuf"
  | "xhci"
  | "cpu-topology"
  | "hda"
  | "vnc-password"
  | "virtio-9p";

/** What the installed programs can do. */
export interface BhyveFeatures {
  readonly bhyve: ReadonlySet<BhyveFeature>;
  /** grub-bhyve can be told which console it is to use. */
  readonly grubConsole: boolean;
}
