import type { YesNo } from "./common.js";
import type { StorageSource } from "./storage.js";

export type BootDevice = "fd" | "cdrom" | "hd" | "network";

export interface Loader {
  readonly path?: string | undefined;
  readonly readonly?: YesNo | undefined;
  readonly type?: "rom" | "pflash" | undefined;
  readonly secure?: YesNo | undefined;
  readonly stateless?: YesNo | undefined;
}

/** Where the firmware keeps its variables. */
export interface OsNvram {
  readonly template?: string | undefined;
  readonly source?: StorageSource | undefined;
  /** Written as `<nvram type=...><source/>` rather than as text. */
  readonly newStyle?: boolean | undefined;
}

export interface Os {
  readonly type: "hvm" | "xen" | "linux" | "exe" | "uml" | "xenpvh";
  readonly firmware?: "bios" | "efi" | undefined;
  readonly firmwareFeatures?:
    | readonly { readonly name: "enrolled-keys" | "secure-boot"; readonly enabled: YesNo }[]
    | undefined;
  /** Always there after defaults. */
  readonly arch?: string | undefined;
  readonly machine?: string | undefined;
  /** Boot order by kind of device; empty when devices carry their own order. */
  readonly boot: readonly BootDevice[];
  readonly bootmenu?:
    | { readonly enable: YesNo /** Milliseconds. */; readonly timeout?: number | undefined }
    | undefined;
  readonly bios?:
    | {
        readonly useserial?: YesNo | undefined /** Milliseconds, -1 for never. */;
        readonly rebootTimeout?: number | undefined;
      }
    | undefined;
  readonly smbios?: "none" | "emulate" | "host" | "sysinfo" | undefined;
  readonly init?: string | undefined;
  readonly initargs?: readonly string[] | undefined;
  readonly initenv?: readonly { readonly name: string; readonly value: string }[] | undefined;
  readonly initdir?: string | undefined;
  readonly inituser?: string | undefined;
  readonly initgroup?: string | undefined;
  readonly kernel?: string | undefined;
  readonly initrd?: string | undefined;
  readonly cmdline?: string | undefined;
  readonly dtb?: string | undefined;
  readonly root?: string | undefined;
  /** Path of the SLIC table of `<acpi>`. */
  readonly acpiSlic?: string | undefined;
  readonly loader?: Loader | undefined;
  readonly nvram?: OsNvram | undefined;
}
