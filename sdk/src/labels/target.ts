import type { SecurityTarget, SecurityTargetKind } from "@polyvisor/core";

/** A target of that kind, of which only what is unusual is said. */
export function target(
  kind: SecurityTargetKind,
  path: string,
  more: Partial<Omit<SecurityTarget, "kind" | "path">> = {},
): SecurityTarget {
  return { path, kind, readOnly: false, shared: false, own: false, optional: false, override: null, ...more };
}
