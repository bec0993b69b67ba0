import { type ErrorName, VirtError } from "@polyvisor/core";
import test from "ava";
import {
  NetworkUpdateCommand as Command,
  formatNetwork,
  type NetworkUpdate,
  parseNetwork,
  recheckNetwork,
  NetworkUpdateSection as Section,
  updateNetwork,
} from "./index.js";

const BASE = parseNetwork(`<network><name>n</name><uuid>81ff0d90-c91e-6742-64da-4a736edb9a9b</uuid>
<forward mode='bridge'><interface dev='eth0'/></forward>
<dns><txt name='t' value='v'/><srv service='sip' protocol='tcp'/><srv service='sip' protocol='udp'/>
<host ip='10.0.0.2'><hostname>h</hostname><hostname>i</hostname></host><host ip='10.0.0.3'><hostname>h</hostname></host></dns>
<ip address='192.168.122.1' netmask='255.255.255.0'/>
<ip address='10.0.0.1' netmask='255.0.0.0'><dhcp><range start='10.0.0.2' end='10.0.0.9'/>
<host mac='00:16:3e:77:e2:ed' name='a' ip='10.0.0.10'/></dhcp></ip>
<portgroup name='p' default='yes'/></network>`);

function update(part: Omit<NetworkUpdate, "parentIndex"> & { readonly parentIndex?: number }): string[] {
  const changed = updateNetwork(BASE, { parentIndex: -1, ...part });
  const before = formatNetwork(BASE).split("\n");
  const after = formatNetwork(changed).split("\n");
  const gone = before.filter((line) => !after.includes(line)).map((line) => `-${line.trim()}`);
  return [...gone, ...after.filter((line) => !before.includes(line)).map((line) => `+${line.trim()}`)];
}

const CHANGES: readonly (readonly [title: string, update: Parameters<typeof update>[0], changed: readonly string[]])[] =
  [
    [
      "a host is added to the <ip> that has <dhcp>",
      { command: Command.addLast, section: Section.ipDhcpHost, xml: "<host name='b' ip='10.0.0.11'/>" },
      ["+<host name='b' ip='10.0.0.11'/>"],
    ],
    [
      "a host is found by a MAC address in another spelling, and replaced",
      { command: Command.modify, section: Section.ipDhcpHost, xml: "<host mac='0:16:3E:77:E2:ED' ip='10.0.0.12'/>" },
      ["-<host mac='00:16:3e:77:e2:ed' name='a' ip='10.0.0.10'/>", "+<host mac='0:16:3E:77:E2:ED' ip='10.0.0.12'/>"],
    ],
    [
      "a host is deleted by its name",
      { command: Command.delete, section: Section.ipDhcpHost, xml: "<host name='a'/>" },
      ["-<host mac='00:16:3e:77:e2:ed' name='a' ip='10.0.0.10'/>"],
    ],
    [
      "a range is deleted",
      { command: Command.delete, section: Section.ipDhcpRange, xml: "<range start='10.0.0.2' end='10.0.0.9'/>" },
      ["-<range start='10.0.0.2' end='10.0.0.9'/>"],
    ],
    [
      "a range is added to the <ip> with an index",
      {
        command: Command.addFirst,
        section: Section.ipDhcpRange,
        parentIndex: 1,
        xml: "<range start='10.0.1.2' end='10.0.1.9'/>",
      },
      ["+<range start='10.0.1.2' end='10.0.1.9'/>"],
    ],
    [
      "an interface is added",
      { command: Command.addLast, section: Section.forwardInterface, xml: "<interface dev='eth1'/>" },
      ["+<interface dev='eth1'/>"],
    ],
    [
      "a port group is replaced",
      { command: Command.modify, section: Section.portgroup, xml: "<portgroup name='p'/>" },
      ["-<portgroup name='p' default='yes'>", "+<portgroup name='p'>"],
    ],
    [
      "a DNS host is deleted by one of its names",
      { command: Command.delete, section: Section.dnsHost, xml: "<host><hostname>i</hostname></host>" },
      ["-<host ip='10.0.0.2'>", "-<hostname>i</hostname>"],
    ],
    [
      "a service is deleted by what tells it apart",
      { command: Command.delete, section: Section.dnsSrv, xml: "<srv protocol='udp'/>" },
      ["-<srv service='sip' protocol='udp'/>"],
    ],
    [
      "a text record is added",
      { command: Command.addFirst, section: Section.dnsTxt, xml: "<txt name='u' value='w'/>" },
      ["+<txt name='u' value='w'/>"],
    ],
  ];

for (const [title, part, changed] of CHANGES) {
  test(title, (t) => {
    const before = formatNetwork(BASE);
    t.deepEqual(update(part), changed);
    t.is(formatNetwork(BASE), before);
  });
}

test("where an element is added is the caller's choice", (t) => {
  const names = (command: number): readonly string[] =>
    updateNetwork(BASE, {
      command,
      section: Section.dnsTxt,
      parentIndex: -1,
      xml: "<txt name='u' value=''/>",
    }).dns.txts.map(({ name }) => name);
  t.deepEqual(names(Command.addFirst), ["u", "t"]);
  t.deepEqual(names(Command.addLast), ["t", "u"]);
});

type Refusal = readonly [
  command: number,
  section: number,
  xml: string,
  code: ErrorName,
  message: string,
  parentIndex?: number,
];

const REFUSED: readonly Refusal[] = [
  [Command.addLast, Section.ipDhcpHost, "<host", "XML_DETAIL", "network_update_xml:1: "],
  [
    Command.addLast,
    Section.ipDhcpHost,
    "<range/>",
    "XML_ERROR",
    "XML error: unexpected element <range>, expecting <host>, while updating network 'n'",
  ],
  [
    Command.addLast,
    Section.ipDhcpHost,
    "<host name='b'/>",
    "XML_ERROR",
    "XML error: Missing IP address in static host definition for network 'n'",
  ],
  [
    Command.addLast,
    Section.ipDhcpHost,
    "<host name='a' ip='10.0.0.99'/>",
    "OPERATION_INVALID",
    `Requested operation is not valid: there is an existing dhcp host entry in network 'n' that matches "<host mac='unknown' name='a' ip='10.0.0.99'/>"`,
  ],
  [
    Command.addLast,
    Section.ipDhcpHost,
    "<host name='b' ip='::1'/>",
    "OPERATION_INVALID",
    "Requested operation is not valid: the address family of a host entry IP must match the address family of the dhcp element's parent",
  ],
  [
    Command.addLast,
    Section.ipDhcpHost,
    "<host name='b' ip='192.168.122.9'/>",
    "OPERATION_INVALID",
    "Requested operation is not valid: dhcp is supported only for a single IPv4 address on each network",
    0,
  ],
  [
    Command.addLast,
    Section.ipDhcpHost,
    "<host name='b' ip='10.0.0.9'/>",
    "OPERATION_INVALID",
    "Requested operation is not valid: couldn't update dhcp host entry - no <ip> element found at index 5 in network 'n'",
    5,
  ],
  [
    Command.modify,
    Section.ipDhcpHost,
    "<host name='z' ip='10.0.0.99'/>",
    "OPERATION_INVALID",
    `Requested operation is not valid: couldn't locate an existing dhcp host entry with "mac='unknown'" "name='z'" "ip='10.0.0.99'" in network 'n'`,
  ],
  [
    Command.delete,
    Section.ipDhcpHost,
    "<host name='z'/>",
    "OPERATION_INVALID",
    "Requested operation is not valid: couldn't locate a matching dhcp host entry in network 'n'",
  ],
  [
    9,
    Section.ipDhcpHost,
    "<host name='z' ip='10.0.0.99'/>",
    "OPERATION_UNSUPPORTED",
    "Operation not supported: unrecognized network update command code 9",
  ],
  [
    Command.modify,
    Section.ipDhcpRange,
    "<range/>",
    "OPERATION_UNSUPPORTED",
    "Operation not supported: dhcp ranges cannot be modified, only added or deleted",
  ],
  [
    Command.addLast,
    Section.forwardInterface,
    "<interface dev='eth0'/>",
    "OPERATION_INVALID",
    `Requested operation is not valid: there is an existing interface entry in network 'n' that matches "<interface dev='eth0'>"`,
  ],
  [
    Command.addLast,
    Section.portgroup,
    "<portgroup name='q' default='yes'/>",
    "OPERATION_INVALID",
    "Requested operation is not valid: a different portgroup entry in network 'n' is already set as the default. Only one default is allowed.",
  ],
  [
    Command.delete,
    Section.dnsHost,
    "<host><hostname>h</hostname></host>",
    "OPERATION_INVALID",
    "Requested operation is not valid: multiple matching DNS HOST records were found in network n",
  ],
  [
    Command.delete,
    Section.dnsSrv,
    "<srv service='sip'/>",
    "OPERATION_INVALID",
    "Requested operation is not valid: multiple DNS SRV records matching all specified fields were found in network n",
  ],
  [
    Command.addLast,
    Section.dnsTxt,
    "<txt name='t' value='x'/>",
    "OPERATION_INVALID",
    "Requested operation is not valid: there is already a DNS TXT record with name 't' in network n",
  ],
  [
    Command.addLast,
    Section.bridge,
    "<bridge/>",
    "OPERATION_UNSUPPORTED",
    "Operation not supported: can't update 'bridge' section of network 'n'",
  ],
  [
    Command.addLast,
    77,
    "<x/>",
    "OPERATION_UNSUPPORTED",
    "Operation not supported: can't update unrecognized section of network",
  ],
];

for (const [command, section, xml, code, message, parentIndex = -1] of REFUSED) {
  test(`command ${command} of section ${section} is refused in libvirt's words: ${xml} at ${parentIndex}`, (t) => {
    const error = t.throws(() => updateNetwork(BASE, { command, section, parentIndex, xml }), {
      instanceOf: VirtError,
    });
    t.is(error?.code, code);
    t.true(error?.message.startsWith(message), error?.message);
    t.truthy(error?.hint);
  });
}

test("an interface in use is not deleted", (t) => {
  const { forward } = BASE;
  if (forward === undefined) throw new Error("no forward");
  const used = {
    ...BASE,
    forward: { ...forward, interfaces: [{ type: "netdev" as const, dev: "eth0", connections: 3 }] },
  };
  const xml = "<interface dev='eth0'/>";
  const part = { command: Command.delete, section: Section.forwardInterface, parentIndex: -1, xml };
  t.throws(() => updateNetwork(used, part), { message: /currently being used {2}by 3 domains/ });
  t.deepEqual(updateNetwork(BASE, part).forward?.interfaces, []);
});

test("an update that only the whole forbids is found by looking again", (t) => {
  const nat = parseNetwork("<network><name>n</name><forward dev='e'/><ip address='10.0.0.1'/></network>");
  const changed = updateNetwork(nat, {
    command: Command.addLast,
    section: Section.forwardInterface,
    parentIndex: -1,
    xml: "<interface dev='f'/>",
  });
  t.throws(() => recheckNetwork(changed), { message: /multiple forwarding interfaces specified for network 'n'/ });
});
