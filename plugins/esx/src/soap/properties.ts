import { group, type Ref, ref, text } from "./message.js";

/** A way from one object to others: by a property of objects of a type, and on from there by other ways, which have names. */
export interface Traversal {
  readonly name: string;
  readonly type: string;
  readonly path: string;
  readonly next?: readonly (Traversal | string)[];
}

/** What is asked of the property collector in one call. */
export interface PropertyQuery {
  /** The properties that are wanted of objects by their type. */
  readonly properties: Readonly<Record<string, readonly string[]>>;
  /** Where to begin. */
  readonly from: readonly Ref[];
  /** The objects to begin with are only a way to others. */
  readonly skipFrom?: boolean;
  readonly traversals?: readonly Traversal[];
}

export function filterSpec({ properties, from, skipFrom, traversals = [] }: PropertyQuery): string {
  const wanted = Object.entries(properties).map(([type, paths]) =>
    group("propSet", text("type", type) + paths.map((path) => text("pathSet", path)).join("")),
  );
  const ways = traversals.map((each) => traversal(each)).join("");
  const objects = from.map((object) => group("objectSet", ref("obj", object) + text("skip", skipFrom === true) + ways));
  return group("specSet", wanted.join("") + objects.join(""));
}

function traversal({ name, type, path, next = [] }: Traversal): string {
  const further = next.map((each) =>
    typeof each === "string" ? group("selectSet", text("name", each)) : traversal(each),
  );
  const body = text("name", name) + text("type", type) + text("path", path) + text("skip", false) + further.join("");
  return group("selectSet", body, "TraversalSpec");
}
