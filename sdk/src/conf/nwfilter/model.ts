import type { FilterReference } from "../common/index.js";
import type { AttributeKind, PROTOCOLS, Protocol } from "./protocols.js";

/** `$NAME[@2]`: each value in turn, together with other uses of the same iterator; `$NAME[3]`: one value of the list. */
export type VariableAccess =
  | { readonly name: string; readonly iterator: number }
  | { readonly name: string; readonly element: number };

export type ConnectionState = "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "NONE";
export type TcpFlag = "FIN" | "SYN" | "RST" | "PSH" | "ACK" | "URG";

/** The value of each kind of attribute. */
export interface AttributeValues extends Readonly<Record<AttributeKind, unknown>> {
  readonly mac: string;
  readonly macMask: string;
  readonly ipv4: string;
  /** How many bits it sets. */
  readonly ipv4Mask: number;
  readonly ipv6: string;
  readonly ipv6Mask: number;
  readonly uint8: number;
  readonly uint16: number;
  readonly uint16Decimal: number;
  readonly uint32: number;
  readonly dscp: number;
  readonly vlanId: number;
  readonly etherType: number;
  readonly vlanEtherType: number;
  readonly ipProtocol: number;
  readonly arpOpcode: number;
  readonly boolean: boolean;
  readonly connectionState: readonly ConnectionState[];
  /** Of the flags in `mask`, those in `flags` are set and the others are not. */
  readonly tcpFlags: { readonly mask: readonly TcpFlag[]; readonly flags: readonly TcpFlag[] };
  readonly ipSet: string;
  readonly ipSetFlags: readonly ("src" | "dst")[];
  readonly comment: string;
}

/** One condition of a rule. */
export type RuleItem<T> = {
  /** The rule matches what does not have the value. */
  readonly negated?: true | undefined;
} & (
  | {
      readonly value: T;
      /** Printed in hexadecimal. */
      readonly hex?: true | undefined;
    }
  | { readonly variable: VariableAccess }
);

type Table = typeof PROTOCOLS;
type KindOf<P extends Protocol, A extends keyof Table[P]> = Extract<Table[P][A], AttributeKind>;

/** The conditions of a rule for a protocol. */
export type RuleAttributes<P extends Protocol> = {
  readonly [A in keyof Table[P]]?: RuleItem<AttributeValues[KindOf<P, A>]> | undefined;
};

/** What a rule is about; a rule without protocol matches everything. */
export type RuleMatch =
  | { readonly protocol?: undefined }
  | { readonly [P in Protocol]: { readonly protocol: P; readonly attributes: RuleAttributes<P> } }[Protocol];

export type FilterRule = {
  readonly kind: "rule";
  readonly action: "drop" | "accept" | "reject" | "return" | "continue";
  readonly direction: "in" | "out" | "inout";
  /** -1000 to 1000; lower ones come first. */
  readonly priority: number;
  /** Whether answers to allowed traffic are allowed too. */
  readonly stateMatch: boolean;
} & RuleMatch;

/** The use of another filter. */
export type FilterInclude = { readonly kind: "filterref" } & FilterReference;

export interface NetworkFilter {
  readonly name: string;
  readonly uuid: string;
  /** `root`, or the name of a protocol's chain, with anything behind. */
  readonly chain: string;
  /** -1000 to 1000. */
  readonly priority: number;
  readonly entries: readonly (FilterRule | FilterInclude)[];
}

/** The use of a filter by one card of a domain. */
export interface FilterBinding {
  readonly owner: { readonly name: string; readonly uuid: string };
  /** The host's name of the card. */
  readonly portDev: string;
  /** The device that a macvtap card sits on. */
  readonly linkDev?: string | undefined;
  readonly mac: string;
  readonly filterref: FilterReference;
}
