import { type ErrorName, VirtError } from "@polyvisor/core";
import test from "ava";
import {
  FILTER_PROTOCOLS,
  formatFilterBinding,
  formatNetworkFilter,
  parseFilterBinding,
  parseNetworkFilter,
} from "./index.js";

const UUID = "<uuid>5c6d49af-b071-6127-b4ec-6f8ed4b55335</uuid>";

function filter(rules: string, attributes = ""): string {
  return `<filter name='f'${attributes}>${UUID}\n${rules}\n</filter>`;
}

function rule(match: string, attributes = ""): string {
  return `<rule action='accept' direction='in'${attributes}>${match}</rule>`;
}

/** What the first rule's conditions are printed as. */
function printed(match: string): readonly string[] {
  const xml = formatNetworkFilter(JSON.parse(JSON.stringify(parseNetworkFilter(filter(rule(match))))));
  return xml
    .split("\n")
    .filter((line) => line.startsWith("    "))
    .map((line) => line.trim());
}

const PRINTED: readonly (readonly [title: string, match: string, printed: readonly string[]])[] = [
  ["a protocol alone", "<all/>", ["<all/>"]],
  [
    "attributes in the order of the format, addresses in their usual form",
    "<tcp dstportend='22' srcipmask='255.255.0.0' srcipaddr='10.1' srcmacaddr='1:2:3:4:5:A'/>",
    ["<tcp srcmacaddr='01:02:03:04:05:0a' srcipaddr='10.0.0.1' srcipmask='16' dstportend='22'/>"],
  ],
  [
    "hexadecimal numbers as such, and what decimal cannot be",
    "<stp root-priority='0x10' root-cost='ff' age='10'/>",
    ["<stp root-priority='0x10' root-cost='0xff' age='10'/>"],
  ],
  ["numbers by name", "<mac protocolid='0x0806'/>", ["<mac protocolid='arp'/>"]],
  ["numbers without name", "<mac protocolid='0x1234'/>", ["<mac protocolid='0x1234'/>"]],
  ["names in any case", "<arp opcode='rEPLY' gratuitous='yes'/>", ["<arp opcode='Reply' gratuitous='true'/>"]],
  ["an opcode in decimal", "<arp opcode='0x20'/>", ["<arp opcode='32'/>"]],
  [
    "what is negated in an element of its own",
    "<ip srcipaddr='10.0.0.1' srcipmask='8'/><ip match='no' dstipaddr='10.0.0.2'/>",
    ["<ip srcipaddr='10.0.0.1' srcipmask='8'/>", "<ip match='no' dstipaddr='10.0.0.2'/>"],
  ],
  [
    "a mask is negated with its address",
    "<ip match='no' srcipaddr='10.0.0.1'/><ip srcipmask='8'/>",
    ["<ip match='no' srcipaddr='10.0.0.1' srcipmask='8'/>"],
  ],
  [
    "states and flags as lists",
    "<tcp state='related, NEW' flags='SYN,ACK/SYN'/>",
    ["<tcp state='NEW,RELATED' flags='SYN,ACK/SYN'/>"],
  ],
  ["all flags and none", "<tcp flags='FIN,SYN,RST,PSH,ACK,URG/none'/>", ["<tcp flags='ALL/NONE'/>"]],
  ["no state at all", "<tcp state='NEW,NONE'/>", ["<tcp state='NONE'/>"]],
  [
    "variables",
    "<tcp srcipaddr='$IP' dstipaddr='$IP[@0]' srcportstart='$P[ @2 ]' dstportstart='$Q[3]'/>",
    ["<tcp srcipaddr='$IP' dstipaddr='$IP' srcportstart='$P[@2]' dstportstart='$Q[3]'/>"],
  ],
  ["an IP set is looked up by the source", "<tcp ipset='s'/>", ["<tcp ipset='s' ipsetflags='src'/>"]],
  [
    "an IP set keeps its directions",
    "<udp ipset='s' ipsetflags='DST,src'/>",
    ["<udp ipset='s' ipsetflags='dst,src'/>"],
  ],
  ["comments with everything", "<all comment='&lt;&apos;`$(x)'/>", ["<all comment='&lt;&apos;`$(x)'/>"]],
];

for (const [title, match, expected] of PRINTED) {
  test(`printed as libvirt does: ${title}`, (t) => {
    t.deepEqual(printed(match), expected);
  });
}

test("a comment ends after 256 bytes, and not inside a character", (t) => {
  const [line = ""] = printed(`<all comment='${"x".repeat(255)}é and more'/>`);
  t.is(line, `<all comment='${"x".repeat(255)}'/>`);
});

test("values are typed by their attribute", (t) => {
  const [entry] = parseNetworkFilter(filter(rule("<tcp flags='SYN/ALL' srcipmask='255.0.0.0' dscp='0x2'/>"))).entries;
  if (entry?.kind !== "rule" || entry.protocol !== "tcp") throw new Error("no rule for TCP");
  const { flags, srcipmask, dscp } = entry.attributes;
  t.deepEqual(flags, { value: { mask: ["SYN"], flags: ["FIN", "SYN", "RST", "PSH", "ACK", "URG"] } });
  t.deepEqual([srcipmask, dscp], [{ value: 8 }, { value: 2, hex: true }]);
});

test("every protocol of the format is known", (t) => {
  const names = Object.keys(FILTER_PROTOCOLS);
  t.is(names.length, 24);
  for (const name of names) t.deepEqual(printed(`<${name} comment='c'/>`), [`<${name} comment='c'/>`]);
});

test("rules and references keep their order, and their defaults are filled in", (t) => {
  const xml = filter(
    `${rule("", " priority='9999' statematch='FALSE'")}<filterref filter='g'><parameter name='B' value='2'/>
<parameter name='A' value='1'/><parameter name='A' value='0'/><parameter name='C' value='not allowed!'/></filterref>`,
    " chain='ipv4-x'",
  );
  t.is(
    formatNetworkFilter(parseNetworkFilter(xml)),
    `<filter name='f' chain='ipv4-x' priority='-700'>
  ${UUID}
  <rule action='accept' direction='in' priority='500' statematch='false'/>
  <filterref filter='g'>
    <parameter name='A' value='1'/>
    <parameter name='A' value='0'/>
    <parameter name='B' value='2'/>
  </filterref>
</filter>
`,
  );
});

test("the priority of a chain is the one that is written, else that of its protocol", (t) => {
  const priority = (attributes: string): number => parseNetworkFilter(filter("", attributes)).priority;
  t.is(priority(" chain='mac' priority='3'"), 3);
  t.is(priority(" chain='stp-x'"), 0);
  t.is(priority(" chain='rarp'"), -400);
  t.is(priority(" priority='3'"), 0);
});

type Refusal = readonly [title: string, xml: string, code: ErrorName, message: string, line: number, hint: RegExp];

const REFUSED: readonly Refusal[] = [
  [
    "another root",
    "<nwfilter/>",
    "XML_ERROR",
    "XML error: expecting root element of 'filter', not 'nwfilter'",
    1,
    /<filter>/,
  ],
  ["no name", "<filter/>", "INTERNAL_ERROR", "internal error: filter has no name", 1, /name=/],
  [
    "an unknown element",
    filter("<rul/>"),
    "XML_INVALID_SCHEMA",
    "XML document failed to validate against schema: Did not expect element rul there",
    2,
    /<rule>/,
  ],
  [
    "a bad UUID",
    "<filter name='f'>\n<uuid>x</uuid></filter>",
    "XML_ERROR",
    "XML error: malformed uuid element",
    2,
    /UUID/,
  ],
  [
    "a chain of its own",
    filter("", " chain='mine'"),
    "INVALID_ARG",
    "invalid argument: Invalid chain name 'mine'. Please use a chain name called 'root' or any of the following prefixes: mac, vlan, stp, arp, rarp, ipv4, ipv6",
    1,
    /Begin/,
  ],
  [
    "a long chain",
    filter("", " chain='ipv4-abcdefgh'"),
    "INVALID_ARG",
    "invalid argument: Name of chain is longer than 12 characters",
    1,
    /shorter/,
  ],
  [
    "a priority out of range",
    filter("", " priority='1001'"),
    "INVALID_ARG",
    "invalid argument: Priority '1001' is outside valid range of [-1000,1000]",
    1,
    /1000/,
  ],
  [
    "no action",
    filter("<rule direction='in'/>"),
    "INTERNAL_ERROR",
    "internal error: rule node requires action attribute",
    2,
    /drop, accept/,
  ],
  [
    "an unknown action",
    filter("<rule action='acept' direction='in'/>"),
    "CONFIG_UNSUPPORTED",
    "unsupported configuration: unknown rule action attribute value",
    2,
    /Did you mean 'accept'/,
  ],
  [
    "an unknown direction",
    filter("<rule action='drop' direction='up'/>"),
    "CONFIG_UNSUPPORTED",
    "unsupported configuration: unknown rule direction attribute value",
    2,
    /inout/,
  ],
  [
    "an unknown protocol",
    filter(rule("\n<tpc/>")),
    "XML_INVALID_SCHEMA",
    "XML document failed to validate against schema: Did not expect element tpc there",
    3,
    /<tcp>/,
  ],
  [
    "two protocols in a rule",
    filter(rule("<tcp/>\n<udp/>")),
    "XML_INVALID_SCHEMA",
    "XML document failed to validate against schema: Did not expect element udp there",
    3,
    /<rule>/,
  ],
  [
    "a large port",
    filter(rule("\n<tcp dstportstart='65536'/>")),
    "INTERNAL_ERROR",
    "internal error: dstportstart has illegal value 65536",
    3,
    /65535/,
  ],
  [
    "an address of the other family",
    filter(rule("<tcp srcipaddr='::1'/>")),
    "INTERNAL_ERROR",
    "internal error: srcipaddr has illegal value ::1",
    2,
    /IPv4 address/,
  ],
  [
    "a mask with a hole",
    filter(rule("<mac srcmacmask='ff:00:ff:00:00:00'/>")),
    "INTERNAL_ERROR",
    "internal error: srcmacmask has illegal value ff:00:ff:00:00:00",
    2,
    /ones in front/,
  ],
  [
    "a large DSCP",
    filter(rule("<tcp dscp='64'/>")),
    "INTERNAL_ERROR",
    "internal error: dscp has illegal value 64",
    2,
    /63/,
  ],
  [
    "an Ethernet type that is a length",
    filter(rule("<mac protocolid='0x5ff'/>")),
    "INTERNAL_ERROR",
    "internal error: protocolid has illegal value 0x5ff",
    2,
    /arp, rarp/,
  ],
  [
    "an unknown state",
    filter(rule("<tcp state='OLD'/>")),
    "INTERNAL_ERROR",
    "internal error: state has illegal value OLD",
    2,
    /ESTABLISHED/,
  ],
  [
    "an iterator that is too large",
    filter(rule("<tcp srcipaddr='$A[@1001]'/>")),
    "INTERNAL_ERROR",
    "internal error: srcipaddr has illegal value $A[@1001]",
    2,
    /\$NAME\[@1\]/,
  ],
  [
    "ports of no protocol",
    filter(rule("<ip dstportstart='22'/>")),
    "INTERNAL_ERROR",
    "internal error: IP rule with port specification requires protocol specification with protocol to be either one of tcp(6), udp(17), dccp(33), or sctp(132)",
    2,
    /protocol='tcp'/,
  ],
  [
    "the last bad value of more than one",
    filter(rule("<tcp srcipmask='33' dstportend='x'/>")),
    "INTERNAL_ERROR",
    "internal error: dstportend has illegal value x",
    2,
    /number/,
  ],
];

for (const [title, xml, code, message, line, hint] of REFUSED) {
  test(`refused in libvirt's words, with the place and a hint: ${title}`, (t) => {
    const error = t.throws(() => parseNetworkFilter(xml), { instanceOf: VirtError });
    t.is(error?.code, code);
    t.is(error?.message, message);
    t.is(error?.position?.line, line);
    t.regex(error?.hint ?? "", hint);
  });
}

const OWNER = "<owner><name>g</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>";
const PORT = "<portdev name='vnet0'/>";
const MAC = "<mac address='52:54:0:7B:35:93'/>";

test("bindings print what they read, also through JSON", (t) => {
  const xml = `<filterbinding>${OWNER}${PORT}<linkdev name='eth0'/>${MAC}
<filterref filter='f'><parameter name='IP' value='10.0.0.1'/></filterref></filterbinding>`;
  const once = formatFilterBinding(JSON.parse(JSON.stringify(parseFilterBinding(xml))));
  t.regex(once, /<linkdev name='eth0'\/>\n {2}<mac address='52:54:00:7b:35:93'\/>\n {2}<filterref filter='f'>/);
  t.is(formatFilterBinding(parseFilterBinding(once)), once);
});

const REFUSED_BINDINGS: readonly (readonly [body: string, message: string])[] = [
  ["", "filter binding has no port dev name"],
  [`${PORT}<linkdev/>`, "filter binding has no link dev name"],
  [PORT, "filter binding has no owner name"],
  [`${PORT}<owner><name>g</name></owner>`, "filter binding has no owner UUID"],
  [`${PORT}<owner><name>g</name><uuid>x</uuid></owner>`, "Unable to parse UUID 'x'"],
  [`${PORT}${OWNER}`, "filter binding has no MAC address"],
  [`${PORT}${OWNER}<mac address='x'/>`, "Unable to parse MAC 'x'"],
  [`${PORT}${OWNER}${MAC}`, "filter binding has no filter reference"],
];

test("bindings are refused in libvirt's words", (t) => {
  for (const [body, message] of REFUSED_BINDINGS) {
    const xml = `<filterbinding>${body}</filterbinding>`;
    const error = t.throws(() => parseFilterBinding(xml), { instanceOf: VirtError });
    t.is(error?.message, `internal error: ${message}`);
    t.truthy(error?.hint);
  }
});
