/** Named strings in the order of the XML, such as `{name: "vendor", value: "QEMU"}`. */
export type SysinfoEntries = readonly { readonly name: string; readonly value: string }[];

export type Sysinfo =
  | {
      readonly type: "smbios";
      readonly bios?: SysinfoEntries | undefined;
      readonly system?: SysinfoEntries | undefined;
      readonly baseBoards: readonly SysinfoEntries[];
      readonly chassis?: SysinfoEntries | undefined;
      readonly oemStrings?: readonly string[] | undefined;
    }
  | {
      readonly type: "fwcfg";
      readonly entries: readonly (
        | { readonly name: string; readonly value: string }
        | { readonly name: string; readonly file: string }
      )[];
    };
