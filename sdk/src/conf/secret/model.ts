/** What a secret is for; at most one secret serves each. */
export type SecretUsage =
  | { readonly type: "volume"; readonly volume: string }
  | { readonly type: "ceph" | "tls" | "vtpm"; readonly name: string }
  | { readonly type: "iscsi"; readonly target: string };

/** A secret's description (never its value): plain data, safe to turn into JSON and back. */
export interface Secret {
  readonly uuid: string;
  /** Kept in memory alone. */
  readonly ephemeral: boolean;
  /** Its value is told to no client. */
  readonly private: boolean;
  readonly description?: string | undefined;
  readonly usage?: SecretUsage | undefined;
}
