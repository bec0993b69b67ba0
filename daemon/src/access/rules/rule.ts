/** Whom a rule is about. */
export type Who =
  | { readonly by: "anyone" }
  /** Of a client on a unix socket. */
  | { readonly by: "uid"; readonly uid: number }
  /** Of its user's groups, or its process's own. */
  | { readonly by: "gid"; readonly gid: number; readonly members: ReadonlySet<number> }
  /** Of a client that logged in, or showed a certificate. */
  | { readonly by: "sasl" | "x509"; readonly name: RegExp };

/** One line of a rules file. */
export interface Rule {
  readonly allow: boolean;
  readonly who: Who;
  /** `object:permission`; empty for all. */
  readonly what: readonly RegExp[];
  /** All of them must hold: an attribute of the object, and what it must be. */
  readonly on: readonly { readonly attribute: string; readonly value: RegExp }[];
}

/** `*` stands for any characters, also none. */
export function pattern(glob: string): RegExp {
  const escaped = glob.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`, "s");
}
