// What the validator and its helper process say to each other; JSON over the helper's IPC channel.

export interface CheckRequest {
  readonly id: number;
  /** Absolute path of the schema. */
  readonly schema: string;
  readonly xml: string;
}

/** One message of libxml2. Its lines are rough: 0 where it tells none. */
export interface SchemaComplaint {
  /** As libxml2 writes it, newline included. */
  readonly message: string;
  readonly line: number;
  /** The element that it is about, where libxml2 names one. */
  readonly element: string | undefined;
}

export type CheckOutcome =
  | { readonly kind: "valid" }
  | { readonly kind: "invalid"; readonly complaints: readonly SchemaComplaint[] }
  | { readonly kind: "no-library"; readonly detail: string }
  | { readonly kind: "no-schema"; readonly detail: string }
  | { readonly kind: "bad-schema"; readonly detail: string }
  | { readonly kind: "bad-document"; readonly detail: string };

export interface CheckReply {
  readonly id: number;
  readonly outcome: CheckOutcome;
}
