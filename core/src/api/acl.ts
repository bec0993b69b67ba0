/** Permissions that only look. A call that needs any other one is refused on a read-only connection. */
const LOOKING = new Set(["getattr", "read", "none"]);

/** One permission of a call: `object:permission`, with the condition under which it is needed. */
export interface Permission {
  /** `connect`, `domain`, `network` and so on; `none` needs no permission at all. */
  readonly object: string;
  readonly permission: string;
  /** Needed only when the flag argument (or the argument named) has, or with `absent` lacks, these bits. */
  readonly when?: { readonly argument: string; readonly bits: number; readonly absent: boolean };
}

/** The values of the flag names that permissions mention. */
const FLAG_BITS: Readonly<Record<string, number>> = {
  VIR_DOMAIN_AFFECT_LIVE: 1,
  VIR_DOMAIN_AFFECT_CONFIG: 2,
  VIR_DOMAIN_XML_SECURE: 1,
  VIR_DOMAIN_XML_MIGRATABLE: 8,
  VIR_DOMAIN_REBOOT_GUEST_AGENT: 2,
  VIR_DOMAIN_SHUTDOWN_GUEST_AGENT: 2,
  VIR_DOMAIN_VCPU_GUEST: 8,
  VIR_DOMAIN_CHECKPOINT_CREATE_QUIESCE: 2,
  VIR_DOMAIN_CHECKPOINT_XML_SECURE: 1,
  VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT: 1,
  VIR_DOMAIN_SAVE_IMAGE_XML_SECURE: 1,
  VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE: 64,
  VIR_DOMAIN_SNAPSHOT_XML_SECURE: 1,
  VIR_NETWORK_UPDATE_AFFECT_LIVE: 1,
  VIR_NETWORK_UPDATE_AFFECT_CONFIG: 2,
};

/**
 * Reads a permission in the spelling of libvirt's protocol: `domain:read`, `domain:save:!A|B` (flags hold neither),
 * `domain:write::source:C` (argument `source` holds C).
 */
export function parsePermission(text: string): Permission {
  const [object = "", permission = "none", flags = "", argument, value] = text.split(":");
  if (flags === "" && argument === undefined) return { object, permission };
  const condition = argument === undefined ? flags : (value ?? "");
  const absent = condition.startsWith("!");
  const bits = condition
    .slice(absent ? 1 : 0)
    .split("|")
    .reduce((sum, name) => {
      const bit = FLAG_BITS[name];
      if (bit === undefined) throw new Error(`no value for the flag ${name}`);
      return sum | bit;
    }, 0);
  return { object, permission, when: { argument: argument ?? "flags", bits, absent } };
}

/** Whether a call with these arguments needs the permission. */
export function isNeeded(permission: Permission, args: Readonly<Record<string, unknown>>): boolean {
  const { when } = permission;
  if (when === undefined) return true;
  const has = (Number(args[when.argument] ?? 0) & when.bits) !== 0;
  return has !== when.absent;
}

export function isLooking(permission: Permission): boolean {
  return LOOKING.has(permission.permission) || permission.permission.startsWith("search_");
}
