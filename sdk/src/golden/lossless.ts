import { childElements, isElement, textOf, type XmlElement } from "../xml/index.js";

/** What stands in a document and is not in another: the path to it, and what was found in its place. */
export interface Loss {
  readonly path: string;
  readonly lost: string;
}

/** Something that is not in the other document as it was written. */
export interface Change {
  /** Such as `domain/devices/disk`, and `@name` behind it for an attribute. */
  readonly path: string;
  readonly element: XmlElement;
  /** The value before; undefined for a whole element. */
  readonly before?: string;
  /** The element and the value in its place, where there is one. */
  readonly counterpart?: XmlElement | undefined;
  readonly after?: string | undefined;
}

/** Whether nothing is lost by a change: it means the same, or nothing. */
export type IsHarmless = (change: Change) => boolean;

/** Every element, attribute and text of `before` that is not in `after`, which may have more and in another order. */
export function findLosses(before: XmlElement, after: XmlElement, isHarmless: IsHarmless, path = before.name): Loss[] {
  const values: readonly Change[] = [
    ...before.attributes.map(({ name, value }) => ({
      path: `${path}@${name}`,
      before: value,
      after: after.attributes.find((each) => each.name === name)?.value,
    })),
    ...(before.children.some(isElement) || textOf(before).trim() === ""
      ? []
      : [{ path, before: textOf(before).trim(), after: textOf(after).trim() }]),
  ].map((value) => ({ ...value, element: before, counterpart: after }));
  const lost = values
    .filter((change) => change.before !== change.after && !isHarmless(change))
    .map((change) => ({ path: change.path, lost: `${change.before} -> ${change.after || "(nothing)"}` }));
  return [...lost, ...lostChildren(before, after, isHarmless, path)];
}

/** How much an element asks of its counterpart. */
function weight(element: XmlElement): number {
  return childElements(element).reduce((sum, each) => sum + weight(each), 1 + element.attributes.length);
}

/** Each child finds the one of its name that loses least, and no two the same: who asks most chooses first. */
function lostChildren(before: XmlElement, after: XmlElement, isHarmless: IsHarmless, path: string): Loss[] {
  const free = new Set(childElements(after));
  const children = childElements(before).toSorted((a, b) => weight(b) - weight(a));
  return children.flatMap((element) => {
    const inside = `${path}/${element.name}`;
    let best: { readonly candidate: XmlElement; readonly losses: Loss[] } | undefined;
    for (const candidate of free) {
      if (candidate.name !== element.name) continue;
      const losses = findLosses(element, candidate, isHarmless, inside);
      if (best === undefined || losses.length < best.losses.length) best = { candidate, losses };
      if (losses.length === 0) break;
    }
    if (best === undefined) return isHarmless({ path: inside, element }) ? [] : [{ path: inside, lost: "(element)" }];
    free.delete(best.candidate);
    return best.losses;
  });
}
