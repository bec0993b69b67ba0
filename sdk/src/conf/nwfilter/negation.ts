import type { Protocol } from "./protocols.js";

type Pairs = Readonly<Record<string, string>>;

const MAC: Pairs = { srcmacmask: "srcmacaddr", dstmacmask: "dstmacaddr" };
const IP: Pairs = { srcipmask: "srcipaddr", dstipmask: "dstipaddr" };
const LAYER3: Pairs = { ...IP, srcipto: "srcipfrom", dstipto: "dstipfrom" };
const PORTS: Pairs = {
  ...LAYER3,
  srcportend: "srcportstart",
  dstportstart: "srcportstart",
  dstportend: "srcportstart",
};
const ICMP: Pairs = { ...LAYER3, code: "type" };
const STP: Pairs = {
  srcmacmask: "srcmacaddr",
  "root-priority-hi": "root-priority",
  "root-address-mask": "root-address",
  "root-cost-hi": "root-cost",
  "sender-priority-hi": "sender-priority",
  "sender-address-mask": "sender-address",
  "port-hi": "port",
  "age-hi": "age",
  "max-age-hi": "max-age",
  "hello-time-hi": "hello-time",
  "forward-delay-hi": "forward-delay",
};

/** Attributes that are negated exactly when another is, because both make one condition of the firewall. */
export const NEGATED_WITH: Readonly<Record<Protocol, Pairs>> = {
  arp: {},
  rarp: {},
  mac: MAC,
  vlan: MAC,
  stp: STP,
  ip: IP,
  ipv6: { ...IP, typeend: "type", code: "type", codeend: "type" },
  tcp: PORTS,
  udp: PORTS,
  udplite: LAYER3,
  esp: LAYER3,
  ah: LAYER3,
  sctp: PORTS,
  icmp: ICMP,
  all: LAYER3,
  igmp: LAYER3,
  "tcp-ipv6": PORTS,
  "udp-ipv6": PORTS,
  "udplite-ipv6": LAYER3,
  "esp-ipv6": LAYER3,
  "ah-ipv6": LAYER3,
  "sctp-ipv6": PORTS,
  icmpv6: ICMP,
  "all-ipv6": LAYER3,
};
