/** Namespace declarations in force, innermost first. */
export interface Scope {
  readonly outer: Scope | undefined;
  readonly prefix: string;
  readonly uri: string;
}

/** The scope inside an element that has this attribute. */
export function declare(outer: Scope | undefined, name: string, uri: string): Scope | undefined {
  if (!name.startsWith("xmlns")) return outer;
  if (name === "xmlns") return { outer, prefix: "", uri };
  return name[5] === ":" ? { outer, prefix: name.slice(6), uri } : outer;
}

/** The URI of the namespace that a name belongs to, `""` for none. */
export function resolve(scope: Scope, name: string): string {
  const colon = name.indexOf(":");
  const prefix = colon < 0 ? "" : name.slice(0, colon);
  for (let each: Scope | undefined = scope; each !== undefined; each = each.outer) {
    if (each.prefix === prefix) return each.uri;
  }
  return "";
}
