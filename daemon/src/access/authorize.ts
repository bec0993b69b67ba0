import {
  type Call,
  type HypervisorCallName,
  type HypervisorConnection,
  isNeeded,
  type ObjectAttributes,
  VirtError,
} from "@polyvisor/core";
import type { Args } from "../rpc/table.js";
import type { Asker } from "./asker.js";
import { documentAttributes } from "./document.js";
import { isSubjectName, type Reference, SUBJECTS, type Subject, type SubjectName, subjectOf } from "./subject.js";

/** How often an object may change while a policy thinks about it. */
const RENAMES_MAX = 3;

/**
 * Checks every permission that the call needs with these arguments, on the object as its driver knows it. A policy that
 * takes its time is asked again where the object has another name by then. Puts the object into `args` in the place of
 * what the client said of it. Rejects with `ACCESS_DENIED`, or where the object is not there.
 */
export async function authorize(asker: Asker, name: HypervisorCallName, call: Call, args: Args): Promise<void> {
  const named = subjectOf(call);
  const reference = named && args[named.field];
  if (named === undefined || reference === null || reference === undefined) {
    const { object = "none" } = call.acl[0] ?? {};
    await check(asker, name, call, args, isSubjectName(object) ? documentAttributes(object, args) : {});
    return;
  }
  const subject: Subject = SUBJECTS[named.name];
  // A volume is made in a pool that the client names, and is known by its document alone.
  const made =
    call.acl[0]?.object === "storage_vol" && named.name === "storage_pool"
      ? documentAttributes("storage_vol", args)
      : {};
  let known = subject.attributes(await resolve(asker, subject, named.field, args));
  for (let round = 0; round <= RENAMES_MAX; round++) {
    await check(asker, name, call, args, { ...known, ...made });
    const now = subject.attributes(await resolve(asker, subject, named.field, args));
    if (sameAttributes(known, now)) return;
    known = now;
  }
  throw new VirtError("ACCESS_DENIED", "the object is renamed again and again", { hint: "try again later" });
}

/** Checks a lookup on what it found. Rejects with `ACCESS_DENIED`. */
export function authorizeFound(
  asker: Asker,
  name: HypervisorCallName,
  call: Call,
  sort: SubjectName,
  found: unknown,
): Promise<void> {
  return check(asker, name, call, {}, SUBJECTS[sort].attributes(found as Reference));
}

async function resolve(asker: Asker, subject: Subject, field: string, args: Args): Promise<Reference> {
  const found = await subject.resolve(asker.connection, args[field] as Reference);
  args[field] = found;
  return found;
}

async function check(
  asker: Asker,
  name: HypervisorCallName,
  call: Call,
  args: Args,
  about: ObjectAttributes,
): Promise<void> {
  for (const permission of call.acl) {
    if (permission.object === "none" || !isNeeded(permission, args)) continue;
    const attributes = permission.object === "connect" ? {} : about;
    if (await allows(asker, name, permission.object, permission.permission, attributes)) continue;
    const asked = `${permission.object}:${permission.permission}`;
    asker.log.warn({ identity: asker.identity, call: name, permission: asked, object: attributes }, "access denied");
    throw new VirtError("ACCESS_DENIED", `'${driverOf(asker.connection)}' denied access`, {
      domain: "ACCESS",
      hint: `the daemon's access policy does not allow ${asked}`,
    });
  }
}

/** A policy that fails denies. */
async function allows(
  asker: Asker,
  call: HypervisorCallName,
  object: string,
  permission: string,
  attributes: ObjectAttributes,
): Promise<boolean> {
  const { policy, identity, connection } = asker;
  try {
    const about = { connect_driver: driverOf(connection), ...attributes };
    return await policy.allows({ identity, call, object, permission, attributes: about });
  } catch (error) {
    asker.log.error({ err: error, identity, call, permission: `${object}:${permission}` }, "an access policy failed");
    return false;
  }
}

/** libvirt's names of its drivers; others go by their scheme. */
const DRIVERS: Readonly<Record<string, string>> = { qemu: "QEMU", lxc: "LXC", xen: "Xen" };

function driverOf({ uri }: HypervisorConnection): string {
  const scheme = uri.slice(0, uri.indexOf(":"));
  return DRIVERS[scheme] ?? scheme;
}

/** Whether the client may know of an object at all: for lists and events. Nobody is told of a refusal. */
export function maySee(
  asker: Asker,
  call: HypervisorCallName,
  sort: SubjectName,
  permission: string,
  reference: Reference,
): Promise<boolean> {
  return allows(asker, call, sort, permission, SUBJECTS[sort].attributes(reference));
}

function sameAttributes(a: ObjectAttributes, b: ObjectAttributes): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
