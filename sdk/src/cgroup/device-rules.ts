/** What may be done with a device: `r`ead, `w`rite, `m`ake a node of it. */
export type DeviceAccess = "r" | "rw" | "rwm" | "rm" | "m";

/**
 * A device that a group may use; without `minor` all of one major number, without `major` all of the type. Whatever no rule
 * names is forbidden.
 */
export interface DeviceRule {
  readonly type: "block" | "char";
  readonly major?: number | undefined;
  readonly minor?: number | undefined;
  readonly access: DeviceAccess;
}

/** Version 1's words for a rule. */
export function legacyRule({ type, major, minor, access }: DeviceRule): string {
  return `${type === "block" ? "b" : "c"} ${major ?? "*"}:${minor ?? "*"} ${access}`;
}

/** `st_rdev` as Linux packs it. */
export function deviceNumbers(rdev: number): { readonly major: number; readonly minor: number } {
  const packed = BigInt(rdev);
  const major = ((packed >> 8n) & 0xfffn) | ((packed >> 32n) & 0xfffff000n);
  const minor = (packed & 0xffn) | ((packed >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}
