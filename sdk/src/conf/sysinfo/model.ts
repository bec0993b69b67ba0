/** Named strings in libvirt's order, such as `{name: "vendor", value: "QEMU"}`; never empty. */
export type SysinfoEntries = readonly { readonly name: string; readonly value: string }[];

/** What a machine's firmware says of it (the SMBIOS tables). */
export interface SmbiosInfo {
  readonly type: "smbios";
  readonly bios?: SysinfoEntries | undefined;
  readonly system?: SysinfoEntries | undefined;
  readonly baseBoards: readonly SysinfoEntries[];
  readonly chassis?: SysinfoEntries | undefined;
  /** Of a host only. */
  readonly processors?: readonly SysinfoEntries[] | undefined;
  /** Of a host only: the modules of its memory. */
  readonly memoryDevices?: readonly SysinfoEntries[] | undefined;
  readonly oemStrings?: readonly string[] | undefined;
}

/** Blobs that a guest finds in its `fw_cfg` device. */
export interface FirmwareConfig {
  readonly type: "fwcfg";
  readonly entries: readonly (
    | { readonly name: string; readonly value: string }
    | { readonly name: string; readonly file: string }
  )[];
}

export type Sysinfo = SmbiosInfo | FirmwareConfig;
