/** What a rule's attribute holds; `values.ts` reads and prints each kind. */
export type AttributeKind =
  | "mac"
  | "macMask"
  | "ipv4"
  | "ipv4Mask"
  | "ipv6"
  | "ipv6Mask"
  | "uint8"
  | "uint16"
  | "uint16Decimal"
  | "uint32"
  | "dscp"
  | "vlanId"
  | "etherType"
  | "vlanEtherType"
  | "ipProtocol"
  | "arpOpcode"
  | "boolean"
  | "connectionState"
  | "tcpFlags"
  | "ipSet"
  | "ipSetFlags"
  | "comment";

const MAC = { srcmacaddr: "mac", srcmacmask: "macMask", dstmacaddr: "mac", dstmacmask: "macMask" } as const;
const PORTS = { srcportstart: "uint16", srcportend: "uint16", dstportstart: "uint16", dstportend: "uint16" } as const;
const COMMENT = { comment: "comment" } as const;

const ARP = {
  ...MAC,
  hwtype: "uint16",
  protocoltype: "uint16",
  opcode: "arpOpcode",
  arpsrcmacaddr: "mac",
  arpdstmacaddr: "mac",
  arpsrcipaddr: "ipv4",
  arpsrcipmask: "ipv4Mask",
  arpdstipaddr: "ipv4",
  arpdstipmask: "ipv4Mask",
  gratuitous: "boolean",
  ...COMMENT,
} as const;

const STP = {
  srcmacaddr: "mac",
  srcmacmask: "macMask",
  type: "uint8",
  flags: "uint8",
  "root-priority": "uint16",
  "root-priority-hi": "uint16",
  "root-address": "mac",
  "root-address-mask": "macMask",
  "root-cost": "uint32",
  "root-cost-hi": "uint32",
  "sender-priority": "uint16",
  "sender-priority-hi": "uint16",
  "sender-address": "mac",
  "sender-address-mask": "macMask",
  port: "uint16",
  "port-hi": "uint16",
  age: "uint16",
  "age-hi": "uint16",
  "max-age": "uint16",
  "max-age-hi": "uint16",
  "hello-time": "uint16",
  "hello-time-hi": "uint16",
  "forward-delay": "uint16",
  "forward-delay-hi": "uint16",
  ...COMMENT,
} as const;

const STATEFUL = {
  dscp: "dscp",
  "connlimit-above": "uint16Decimal",
  state: "connectionState",
  ipset: "ipSet",
  ipsetflags: "ipSetFlags",
} as const;

const IPV4 = {
  srcmacaddr: "mac",
  srcipaddr: "ipv4",
  srcipmask: "ipv4Mask",
  dstipaddr: "ipv4",
  dstipmask: "ipv4Mask",
  srcipfrom: "ipv4",
  srcipto: "ipv4",
  dstipfrom: "ipv4",
  dstipto: "ipv4",
  ...STATEFUL,
} as const;

const IPV6 = {
  srcmacaddr: "mac",
  srcipaddr: "ipv6",
  srcipmask: "ipv6Mask",
  dstipaddr: "ipv6",
  dstipmask: "ipv6Mask",
  srcipfrom: "ipv6",
  srcipto: "ipv6",
  dstipfrom: "ipv6",
  // libvirt takes no IPv6 address here, in any of its versions
  dstipto: "ipv4",
  ...STATEFUL,
} as const;

const ICMP = { type: "uint8", code: "uint8" } as const;

/** The attributes of every protocol, in the order in which they are printed. */
export const PROTOCOLS = {
  arp: ARP,
  rarp: ARP,
  mac: { ...MAC, protocolid: "etherType", ...COMMENT },
  vlan: { ...MAC, vlanid: "vlanId", "encap-protocol": "vlanEtherType", ...COMMENT },
  stp: STP,
  ip: {
    ...MAC,
    srcipaddr: "ipv4",
    srcipmask: "ipv4Mask",
    dstipaddr: "ipv4",
    dstipmask: "ipv4Mask",
    protocol: "ipProtocol",
    ...PORTS,
    dscp: "dscp",
    ...COMMENT,
  },
  ipv6: {
    ...MAC,
    srcipaddr: "ipv6",
    srcipmask: "ipv6Mask",
    dstipaddr: "ipv6",
    dstipmask: "ipv6Mask",
    protocol: "ipProtocol",
    ...PORTS,
    type: "uint8",
    typeend: "uint8",
    code: "uint8",
    codeend: "uint8",
    ...COMMENT,
  },
  tcp: { ...IPV4, ...PORTS, option: "uint8", flags: "tcpFlags", ...COMMENT },
  udp: { ...IPV4, ...PORTS, ...COMMENT },
  udplite: { ...IPV4, ...COMMENT },
  esp: { ...IPV4, ...COMMENT },
  ah: { ...IPV4, ...COMMENT },
  sctp: { ...IPV4, ...PORTS, ...COMMENT },
  icmp: { ...IPV4, ...ICMP, ...COMMENT },
  all: { ...IPV4, ...COMMENT },
  igmp: { ...IPV4, ...COMMENT },
  "tcp-ipv6": { ...IPV6, ...PORTS, option: "uint8", ...COMMENT },
  "udp-ipv6": { ...IPV6, ...PORTS, ...COMMENT },
  "udplite-ipv6": { ...IPV6, ...COMMENT },
  "esp-ipv6": { ...IPV6, ...COMMENT },
  "ah-ipv6": { ...IPV6, ...COMMENT },
  "sctp-ipv6": { ...IPV6, ...PORTS, ...COMMENT },
  icmpv6: { ...IPV6, ...ICMP, ...COMMENT },
  "all-ipv6": { ...IPV6, ...COMMENT },
} as const satisfies Readonly<Record<string, Readonly<Record<string, AttributeKind>>>>;

export type Protocol = keyof typeof PROTOCOLS;

export const PROTOCOL_NAMES: ReadonlySet<string> = new Set(Object.keys(PROTOCOLS));

export function isProtocol(name: string): name is Protocol {
  return PROTOCOL_NAMES.has(name);
}

type AttributeList = readonly (readonly [name: string, kind: AttributeKind])[];

const LISTS: ReadonlyMap<string, AttributeList> = new Map(
  Object.entries(PROTOCOLS).map(([protocol, attributes]) => [protocol, Object.entries(attributes)]),
);

/** The attributes of a protocol by name, in the order in which they are printed. */
export function attributesOf(protocol: Protocol): AttributeList {
  return LISTS.get(protocol) ?? [];
}

interface PlacedAttribute {
  readonly kind: AttributeKind;
  /** Where among the protocol's attributes it is printed. */
  readonly place: number;
}

const BY_NAME: ReadonlyMap<string, ReadonlyMap<string, PlacedAttribute>> = new Map(
  [...LISTS].map(([protocol, list]) => [protocol, new Map(list.map(([name, kind], place) => [name, { kind, place }]))]),
);

export function attributeOf(protocol: Protocol, name: string): PlacedAttribute | undefined {
  return BY_NAME.get(protocol)?.get(name);
}
