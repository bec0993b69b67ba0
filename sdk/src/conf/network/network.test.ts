import { type ErrorName, VirtError } from "@polyvisor/core";
import test from "ava";
import {
  formatNetwork,
  formatNetworkPort,
  parseNetwork,
  parseNetworkPort,
  recheckNetwork,
  validateNetwork,
} from "./index.js";

const UUID = "<uuid>81ff0d90-c91e-6742-64da-4a736edb9a9b</uuid>";

function network(body: string, attributes = ""): string {
  return `<network${attributes}>\n<name>n</name>${UUID}\n${body}\n</network>`;
}

function failure(work: () => unknown): VirtError {
  try {
    work();
  } catch (error) {
    if (error instanceof VirtError) return error;
    throw error;
  }
  throw new Error("no error");
}

const FULL = network(
  `<metadata><a:x xmlns:a='urn:a' k='v'><a:y>t</a:y></a:x></metadata>
<forward mode='nat' dev='eth0'><nat ipv6='yes'><address start='10.1' end='10.0.0.9'/><port start='1024' end='65535'/></nat></forward>
<bridge name='virbr0' zone='libvirt' stp='off' delay='2' macTableManager='libvirt'/><mtu size='9000'/>
<mac address='52:54:0:AA:bb:c'/><domain name='example.com' localOnly='yes'/>
<dns enable='yes' forwardPlainNames='no'><forwarder addr='8.8.8.8'/><forwarder domain='x.com' addr='::1'/>
<txt name='t' value='a &amp; b'/><srv service='sip' protocol='tcp' target='s.x' port='5060' priority='1' weight='2'/>
<host ip='192.168.122.2'><hostname>h</hostname></host></dns>
<vlan trunk='yes'><tag id='42' nativeMode='tagged'/><tag id='7'/></vlan>
<bandwidth><inbound average='1000' peak='5000' burst='5120'/></bandwidth><port isolated='yes'/>
<ip address='192.168.122.1' netmask='255.255.255.0' localPtr='yes'><tftp root='/t'/>
<dhcp><range start='192.168.122.2' end='192.168.122.254'><lease expiry='1' unit='hours'/></range>
<host mac='00:16:3e:77:e2:ed' name='a' ip='192.168.122.10'><lease expiry='0'/></host><bootp file='p' server='10.0.0.1'/></dhcp></ip>
<ip family='ipv6' address='2001:DB8:0:0:1::1' prefix='64'><dhcp><host id='0:1:2' name='b' ip='2001:db8::1:0:0:9'/></dhcp></ip>
<route address='192.168.222.0' netmask='255.255.255.0' gateway='192.168.122.7' metric='3'/>
<virtualport type='openvswitch'><parameters profileid='p'/></virtualport>
<portgroup name='g' default='yes' trustGuestRxFilters='no'><vlan><tag id='1'/></vlan></portgroup>
<dnsmasq:options><dnsmasq:option value='log-queries'/></dnsmasq:options>`,
  " ipv6='yes' trustGuestRxFilters='yes' xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'",
);

const FULL_PRINTED = `<network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0' ipv6='yes' trustGuestRxFilters='yes'>
  <name>n</name>
  ${UUID}
  <metadata>
    <a:x xmlns:a="urn:a" k="v">
      <a:y>t</a:y>
    </a:x>
  </metadata>
  <forward dev='eth0' mode='nat'>
    <nat ipv6='yes'>
      <address start='10.0.0.1' end='10.0.0.9'/>
      <port start='1024' end='65535'/>
    </nat>
    <interface dev='eth0'/>
  </forward>
  <bridge name='virbr0' zone='libvirt' stp='off' delay='2' macTableManager='libvirt'/>
  <mtu size='9000'/>
  <mac address='52:54:00:aa:bb:0c'/>
  <domain name='example.com' localOnly='yes'/>
  <dns enable='yes' forwardPlainNames='no'>
    <forwarder addr='8.8.8.8'/>
    <forwarder domain='x.com' addr='::1'/>
    <txt name='t' value='a &amp; b'/>
    <srv service='sip' protocol='tcp' target='s.x' port='5060' priority='1' weight='2'/>
    <host ip='192.168.122.2'>
      <hostname>h</hostname>
    </host>
  </dns>
  <vlan trunk='yes'>
    <tag id='42' nativeMode='tagged'/>
    <tag id='7'/>
  </vlan>
  <bandwidth>
    <inbound average='1000' peak='5000' burst='5120'/>
  </bandwidth>
  <port isolated='yes'/>
  <ip address='192.168.122.1' netmask='255.255.255.0' localPtr='yes'>
    <tftp root='/t'/>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'>
        <lease expiry='1' unit='hours'/>
      </range>
      <host mac='00:16:3e:77:e2:ed' name='a' ip='192.168.122.10'>
        <lease expiry='0'/>
      </host>
      <bootp file='p' server='10.0.0.1'/>
    </dhcp>
  </ip>
  <ip family='ipv6' address='2001:db8::1:0:0:1' prefix='64'>
    <dhcp>
      <host id='0:1:2' name='b' ip='2001:db8::1:0:0:9'/>
    </dhcp>
  </ip>
  <route address='192.168.222.0' netmask='255.255.255.0' gateway='192.168.122.7' metric='3'/>
  <virtualport type='openvswitch'>
    <parameters profileid='p'/>
  </virtualport>
  <portgroup name='g' default='yes' trustGuestRxFilters='no'>
    <vlan>
      <tag id='1'/>
    </vlan>
  </portgroup>
  <dnsmasq:options>
    <dnsmasq:option value='log-queries'/>
  </dnsmasq:options>
</network>
`;

test("every element is printed in libvirt's order and form, also from a model that went through JSON", (t) => {
  const parsed = parseNetwork(FULL);
  t.is(formatNetwork(parsed), FULL_PRINTED);
  t.is(formatNetwork(JSON.parse(JSON.stringify(parsed))), FULL_PRINTED);
  t.is(formatNetwork(parseNetwork(FULL_PRINTED)), FULL_PRINTED);
});

test("use counts and the functions of a physical function are shown for a live network only", (t) => {
  const live = parseNetwork(network("<forward mode='hostdev' managed='yes'><pf dev='eth3'/></forward>"));
  if (live.forward === undefined) throw new Error("no forward");
  const address = { domain: 0, bus: 3, slot: 16, function: 1 };
  const used = {
    ...live,
    connections: 2,
    forward: { ...live.forward, interfaces: [{ type: "pci" as const, address }] },
  };
  t.regex(
    formatNetwork(used),
    /connections='2'[\s\S]*<pf dev='eth3'\/>\n {4}<address type='pci' domain='0x0000' bus='0x03'/,
  );
  t.notRegex(formatNetwork(used, { inactive: true }), /connections|<address/);
});

test("metadata keeps one element of each namespace, with what the document declares further out", (t) => {
  const xml = network(
    `<metadata> text <plain/><o:one z='1' o:k='v'/><o:two/><own xmlns='urn:own'>body</own></metadata>`,
    " xmlns:o='urn:outer'",
  );
  t.regex(
    formatNetwork(parseNetwork(xml)),
    / {2}<metadata xmlns:o="urn:outer">\n {4}<o:one z="1" o:k="v"\/>\n {4}<own xmlns="urn:own">body<\/own>\n {2}<\/metadata>/,
  );
});

test("a network without UUID gets one", (t) => {
  const xml = "<network><name>n</name></network>";
  t.is(parseNetwork(xml, { newUuid: () => "made-up" }).uuid, "made-up");
  t.regex(parseNetwork(xml).uuid, /^[0-9a-f-]{36}$/);
});

const NAT = "<forward mode='nat'/>";
const IP = "<ip address='192.168.122.1' netmask='255.255.255.0'>";

type Refusal = readonly [title: string, xml: string, code: ErrorName, message: string, line: number, hint: RegExp];

const REFUSED: readonly Refusal[] = [
  ["another root", "<net/>", "XML_ERROR", "XML error: expecting root element of 'network', not 'net'", 1, /<network>/],
  ["no name", "<network/>", "NO_NAME", "missing name information", 1, /<name>/],
  ["a name with a slash", "<network><name>a/b</name></network>", "XML_DETAIL", "invalid char in name: /", 1, /without/],
  [
    "an unknown element",
    network("<brigde name='x'/>"),
    "XML_INVALID_SCHEMA",
    "XML document failed to validate against schema: Did not expect element brigde there",
    3,
    /<bridge>/,
  ],
  [
    "an unknown mode",
    network("<forward mode='nta'/>"),
    "CONFIG_UNSUPPORTED",
    "unsupported configuration: unknown forwarding type 'nta'",
    3,
    /Did you mean 'nat'/,
  ],
  [
    "NAT without addresses",
    network(NAT),
    "XML_ERROR",
    "XML error: nat forwarding requested, but no IP address provided for network 'n'",
    1,
    /<ip>/,
  ],
  [
    "a device for an open network",
    network(`<forward mode='open' dev='eth0'/>${IP}</ip>`),
    "XML_ERROR",
    "XML error: forward dev not allowed for network 'n' with forward mode='open'",
    1,
    /dev/,
  ],
  [
    "a device twice",
    network("<forward mode='vepa'><interface dev='e'/>\n<interface dev='e'/></forward>"),
    "XML_ERROR",
    "XML error: interface 'e' can only be listed once in network n",
    4,
    /Remove/,
  ],
  [
    "a bridge for a macvtap network",
    network("<forward mode='private'/><bridge name='b'/>"),
    "XML_ERROR",
    "XML error: bridge name not allowed in private mode (network 'n')",
    1,
    /Remove/,
  ],
  [
    "STP of a foreign bridge",
    network("<forward mode='bridge'/><bridge name='b' stp='on'/>"),
    "XML_ERROR",
    "XML error: bridge delay/stp/zone options only allowed in route, nat, and isolated mode, not in bridge (network 'n')",
    1,
    /stp/,
  ],
  [
    "a bad address",
    network("<ip address='1.2.3.400'/>"),
    "XML_ERROR",
    "XML error: Invalid address '1.2.3.400' in network 'n'",
    3,
    /192\.168/,
  ],
  [
    "IPv6 without family",
    network("<ip address='::1'/>"),
    "CONFIG_UNSUPPORTED",
    "unsupported configuration: no family specified for non-IPv4 address '::1' in network 'n'",
    3,
    /family='ipv6'/,
  ],
  [
    "a range outside",
    network(`${IP}<dhcp>\n<range start='10.0.0.1' end='10.0.0.2'/></dhcp></ip>`),
    "INTERNAL_ERROR",
    "internal error: range 10.0.0.1 - 10.0.0.2 is not entirely within network 192.168.122.1/24",
    4,
    /network/,
  ],
  [
    "a reversed range",
    network(`${IP}<dhcp><range start='192.168.122.9' end='192.168.122.2'/></dhcp></ip>`),
    "INTERNAL_ERROR",
    "internal error: range 192.168.122.9 - 192.168.122.2 is reversed ",
    3,
    /Swap/,
  ],
  [
    "a range to the broadcast address",
    network(`${IP}<dhcp><range start='192.168.122.9' end='192.168.122.255'/></dhcp></ip>`),
    "INTERNAL_ERROR",
    "internal error: end of range 192.168.122.9 - 192.168.122.255 in network 192.168.122.1/24 is the broadcast address",
    3,
    /earlier/,
  ],
  [
    "a host without address",
    network(`${IP}<dhcp><host name='a'/></dhcp></ip>`),
    "XML_ERROR",
    "XML error: Missing IP address in static host definition for network 'n'",
    3,
    /ip=/,
  ],
  [
    "a multicast card",
    network(`${IP}<dhcp><host mac='01:00:00:00:00:00' ip='192.168.122.2'/></dhcp></ip>`),
    "XML_ERROR",
    "XML error: expected unicast mac address, found multicast '01:00:00:00:00:00' in network 'n'",
    3,
    /even/,
  ],
  [
    "a short lease",
    network(`${IP}<dhcp><host name='a' ip='192.168.122.2'><lease expiry='60' unit='seconds'/></host></dhcp></ip>`),
    "CONFIG_UNSUPPORTED",
    "unsupported configuration: The minimum lease time should be greater than 2 minutes",
    3,
    /2 minutes/,
  ],
  [
    "an SRV port without target",
    network("<dns><srv service='s' protocol='tcp' port='1'/></dns>"),
    "XML_DETAIL",
    "DNS SRV port attribute not permitted without target for service 's' in network 'n'",
    3,
    /target/,
  ],
  [
    "records of disabled DNS",
    network("<dns enable='no'><txt name='a' value='b'/></dns>"),
    "XML_ERROR",
    "XML error: Extra data in disabled network 'n'",
    3,
    /enable/,
  ],
  [
    "an unreachable gateway",
    network(`${IP}</ip>\n<route address='10.0.0.0' prefix='8' gateway='10.0.0.1'/>`),
    "CONFIG_UNSUPPORTED",
    "unsupported configuration: unreachable static route gateway '10.0.0.1' specified for network 'n'",
    4,
    /inside/,
  ],
  [
    "a route to no network",
    network("<route address='10.0.0.1' prefix='8' gateway='10.0.0.1'/>"),
    "XML_ERROR",
    "XML error: n: Address '10.0.0.1' in route definition is not a network address",
    3,
    /10\.0\.0\.0/,
  ],
  [
    "a floor",
    network("<bandwidth><inbound average='1' floor='1'/></bandwidth>"),
    "CONFIG_UNSUPPORTED",
    "unsupported configuration: floor attribute is not supported for this config",
    3,
    /floor/,
  ],
  [
    "a virtual port without type",
    network("<virtualport/>"),
    "XML_ERROR",
    "XML error: missing required virtualport type",
    3,
    /openvswitch/,
  ],
  [
    "an extra parameter",
    network("<virtualport type='802.1Qbh'><parameters managerid='1'/></virtualport>"),
    "XML_ERROR",
    "XML error: extra managerid unsupported in <virtualport type='802.1Qbh'>",
    3,
    /Remove/,
  ],
  [
    "a large tag",
    network("<vlan><tag id='4096'/></vlan>"),
    "XML_ERROR",
    "XML error: vlan tag id 4096 too large (maximum 4095)",
    3,
    /4095/,
  ],
  [
    "a PCI slot that cannot be",
    network("<forward mode='hostdev'><address type='pci' bus='1' slot='0x20'/></forward>"),
    "XML_ERROR",
    "XML error: Invalid PCI address slot='0x20', must be <= 0x1F",
    3,
    /lspci/,
  ],
];

for (const [title, xml, code, message, line, hint] of REFUSED) {
  test(`refused in libvirt's words, with the place and a hint: ${title}`, (t) => {
    const error = failure(() => parseNetwork(xml));
    t.is(error.code, code);
    t.is(error.message, message);
    t.is(error.position?.line, line);
    t.true((error.position?.column ?? 0) > 0);
    t.regex(error.hint ?? "", hint);
  });
}

test("malformed XML names the document as libvirt does", (t) => {
  const error = failure(() => parseNetwork("<network>"));
  t.is(error.number, 35);
  t.regex(error.message, /^\(network_definition\):1: Premature end of data/);
});

const RUNNABLE: readonly (readonly [title: string, body: string, message: RegExp])[] = [
  [
    "a MAC address without a bridge of its own",
    "<forward mode='vepa'/><mac address='52:54:00:00:00:01'/>",
    /Unsupported <mac> element in network n with forward mode='vepa'/,
  ],
  [
    "bandwidth of a macvtap network",
    "<forward mode='vepa'/><bandwidth><inbound average='1'/></bandwidth>",
    /Unsupported network-wide <bandwidth> element/,
  ],
  [
    "names in a pool of PCI devices",
    "<forward mode='hostdev'><interface dev='e'/></forward>",
    /require all devices to be listed by PCI address/,
  ],
  [
    "two DHCP servers",
    `${IP}<dhcp><host name='a' ip='192.168.122.2'/></dhcp></ip><ip address='10.0.0.1'><dhcp><host name='a' ip='10.0.0.2'/></dhcp></ip>`,
    /Multiple IPv4 dhcp sections found/,
  ],
  [
    "a VLAN on a bridge of the kernel",
    "<forward mode='bridge'/><bridge name='b'/><vlan><tag id='1'/></vlan>",
    /whose type doesn't support vlan/,
  ],
  [
    "two defaults",
    "<portgroup name='a' default='yes'/><portgroup name='b' default='yes'/>",
    /multiple default <portgroup> elements \(a and b\)/,
  ],
  [
    "a port group twice",
    "<portgroup name='a'/><portgroup name='a'/>",
    /multiple <portgroup> elements with the same name \(a\)/,
  ],
];

for (const [title, body, message] of RUNNABLE) {
  test(`read, but not to be run: ${title}`, (t) => {
    const parsed = parseNetwork(network(body));
    recheckNetwork(parsed);
    const error = failure(() => validateNetwork(parsed));
    t.is(error.code, "CONFIG_UNSUPPORTED");
    t.regex(error.message, message);
  });
}

test("a network that can be run passes", (t) => {
  t.notThrows(() => validateNetwork(parseNetwork(network(`${NAT}${IP}</ip>`))));
});

const OWNER = "<owner><name>g</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>";

function port(body: string): string {
  return `<networkport><uuid>5d744f21-ba4a-4d6e-bdb2-30a35ff3207d</uuid>${OWNER}<mac address='52:54:00:7b:35:93'/>\n${body}</networkport>`;
}

test("ports print what they read, also through JSON", (t) => {
  const xml = port(
    `<group>g</group><bandwidth classID='9'><inbound floor='1'/></bandwidth><port isolated='no'/>
<rxfilters trustGuest='yes'/><plug type='direct' dev='eth0'/>`,
  );
  const printed = formatNetworkPort(JSON.parse(JSON.stringify(parseNetworkPort(xml))));
  t.regex(
    printed,
    /<bandwidth classID='9'>\n {4}<inbound floor='1'\/>[\s\S]*<plug type='direct' dev='eth0' mode='vepa'\/>/,
  );
  t.is(formatNetworkPort(parseNetworkPort(printed)), printed);
});

const REFUSED_PORTS: readonly (readonly [xml: string, code: ErrorName, message: string])[] = [
  ["<networkport/>", "INTERNAL_ERROR", "internal error: network port has no uuid"],
  [port("<plug type='bridge'/>"), "XML_ERROR", "XML error: Missing network port bridge name"],
  [port("<plug type='direct' dev='e' mode='x'/>"), "XML_ERROR", "XML error: Invalid mode setting 'x' in network port"],
  [port("<plug type='hostdev-pci'/>"), "XML_ERROR", "XML error: Missing network port PCI address"],
  [port("<plug type='x'/>"), "XML_ERROR", "XML error: Invalid value for attribute 'type' in element 'plug': 'x'."],
];

test("ports are refused in libvirt's words", (t) => {
  for (const [xml, code, message] of REFUSED_PORTS) {
    const error = failure(() => parseNetworkPort(xml));
    t.deepEqual([error.code, error.message], [code, message]);
    t.truthy(error.position);
    t.truthy(error.hint);
  }
});
