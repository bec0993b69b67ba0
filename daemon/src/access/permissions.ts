import { type Call, type Permission, PROGRAMS } from "@polyvisor/core";

function permissionsOf({ acl, aclFilter }: Call): readonly Pick<Permission, "object" | "permission">[] {
  return aclFilter === undefined ? acl : [...acl, aclFilter];
}

/** Every permission that some call needs, as `object:permission`, in order. */
export const PERMISSIONS: readonly string[] = [
  ...new Set(
    PROGRAMS.flatMap(({ calls }) => Object.values<Call>(calls))
      .flatMap(permissionsOf)
      .filter(({ object }) => object !== "none")
      .map(({ object, permission }) => `${object}:${permission}`),
  ),
].sort();
