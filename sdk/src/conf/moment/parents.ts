import { type ErrorDomain, VirtError } from "@polyvisor/core";

/** The parts of a moment that place it in the tree. */
export interface MomentPlace {
  readonly name: string;
  readonly parent?: string | undefined;
}

/**
 * Refuses a moment whose parent is not there or comes after it.
 *
 * `others` are the moments of the domain by name; one with the moment's own name is the one that it replaces.
 */
export function checkParents(
  moment: MomentPlace,
  others: ReadonlyMap<string, MomentPlace>,
  domain: ErrorDomain = "DOMAIN",
): void {
  const refuse = (detail: string, hint: string): never => {
    throw new VirtError("INVALID_ARG", detail, { domain, hint });
  };
  const { name, parent } = moment;
  if (parent === undefined) return;
  if (parent === name) refuse(`cannot set moment ${name} as its own parent`, "Name another <parent>.");
  let other = others.get(parent);
  if (other === undefined) refuse(`parent ${parent} for moment ${name} not found`, "Define the parent first.");
  // a chain cannot be longer than the list; one that breaks off is the list's own fault and harms nobody
  for (let steps = others.size; steps > 0 && other?.parent !== undefined; steps--) {
    if (other.parent === name) {
      refuse(`parent ${other.name} would create cycle to ${name}`, "Name a <parent> that does not come after it.");
    }
    other = others.get(other.parent);
  }
}
