import { isLooking, isNeeded } from "../api/acl.js";
import type { Call } from "../api/define.js";
import { type HypervisorCallName, polyvisorProgram } from "../api/programs.js";
import type { CallContext, HypervisorConnection, MaybePromise } from "../contracts/index.js";
import { type ErrorDomain, VirtError } from "../errors/index.js";

type Handler = (args: unknown, context: CallContext) => MaybePromise<unknown>;

/** The driver's handler for a call, bound; `undefined` where the driver lacks it. */
export function handlerOf(connection: HypervisorConnection, name: HypervisorCallName): Handler | undefined {
  const handler = (connection as unknown as Record<string, Handler | undefined>)[name];
  return typeof handler === "function" ? handler.bind(connection) : undefined;
}

/** What every call answers that a driver does not implement. */
export function notSupported(name: string): VirtError {
  return new VirtError("NO_SUPPORT", publicName(name), {
    domain: partOf(name),
    hint: "docs/support-matrix.md lists what each driver implements",
  });
}

/** Throws where a read-only connection makes a call that changes something, or asks for secrets with a flag. */
export function checkReadOnly(name: string, call: Call, args: Readonly<Record<string, unknown>>): void {
  if (!call.readOnly) throw readOnlyDenied(name, `read only access prevents ${publicName(name)}`);
  for (const permission of call.acl) {
    if (permission.when === undefined || isLooking(permission) || !isNeeded(permission, args)) continue;
    const secret = permission.permission === "read_secure";
    throw readOnlyDenied(
      name,
      secret ? `${publicName(name)} with secure flag` : `read only access prevents ${publicName(name)}`,
    );
  }
}

function readOnlyDenied(name: string, detail: string): VirtError {
  return new VirtError("OPERATION_DENIED", detail, { domain: partOf(name), hint: "connect without read-only access" });
}

/** The public name of a call: libvirt's, with its prefix; of a call that libvirt does not have, ours. */
export function publicName(name: string): string {
  if (name in polyvisorProgram.calls) return name;
  // libvirt writes the filters all in capitals.
  if (name.startsWith("nwFilter")) return `virNWFilter${name.slice("nwFilter".length)}`;
  return `vir${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** Names of calls, and the part of libvirt's library that refuses them, in the order in which they are tried. */
const PARTS: readonly (readonly [RegExp, ErrorDomain])[] = [
  [/Qemu|Lxc|^connect(Open|Close|SupportsFeature|Get(URI|LibVersion))/, "NONE"],
  [/Checkpoint/, "DOMAIN_CHECKPOINT"],
  [/^domain.*Snapshot/, "DOMAIN_SNAPSHOT"],
  [/^domain/, "DOMAIN"],
  [/nwFilter|NWFilter/, "NWFILTER"],
  [/network/i, "NETWORK"],
  [/storage/i, "STORAGE"],
  [/interface/i, "INTERFACE"],
  [/nodeDevice|NodeDevice|^node(ListDevices|NumOfDevices)/, "NODEDEV"],
  [/secret/i, "SECRET"],
  [/^(connect|node)/, "DOMAIN"],
];

/** The part of libvirt's library in which a call is, which is the one that refuses it. */
function partOf(name: string): ErrorDomain {
  return PARTS.find(([pattern]) => pattern.test(name))?.[1] ?? "NONE";
}
