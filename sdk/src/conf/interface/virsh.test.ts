import { VirtError } from "@polyvisor/core";
import test from "ava";
import { askVirsh, hasVirsh90, type VirshAnswer } from "../../testkit/index.js";
import { formatHostInterface, parseHostInterface } from "./index.js";

// libvirt's own test driver runs inside virsh: the same XML must give the same document or the same words here.

const compared = hasVirsh90();
const compare = compared ? test : test.skip;
const title = (what: string): string => (compared ? what : `needs virsh 9.0: ${what}`);

function ours(xml: string): VirshAnswer {
  try {
    return { xml: formatHostInterface(parseHostInterface(xml)) };
  } catch (error) {
    if (error instanceof VirtError) return { error: error.message };
    throw error;
  }
}

function ethernet(inside: string): string {
  return `<interface type='ethernet' name='i'>${inside}</interface>`;
}
const bridge = (inside: string, attributes = ""): string =>
  `<interface type='bridge' name='i'><bridge${attributes}>${inside}</bridge></interface>`;
const bond = (inside: string, attributes = ""): string =>
  `<interface type='bond' name='i'><bond${attributes}>${inside}</bond></interface>`;
const PORT = "<interface type='ethernet' name='p'><mac address='x'/></interface>";

const CASES: Readonly<Record<string, string>> = {
  "an interface with everything": ethernet(`<link speed='1000' state='up'/><mac address='aa:bb:cc:dd:ee:ff'/>
<mtu size='1500'/><start mode='hotplug'/><protocol family='ipv4'><route gateway='10.0.0.1'/><ip address='10.0.0.2' prefix='0x8'/>
<ip address='10.0.0.3'/><dhcp peerdns='no'/></protocol><protocol family='ipv6'><autoconf/><dhcp/><ip address='::1' prefix='0'/></protocol>`),
  "an interface with little": ethernet(""),
  "a bridge of everything": bridge(
    `${PORT}<interface type='vlan' name='v'><vlan tag='7'><interface name='e'/></vlan><link state='down'/></interface>
<interface type='bond' name='b'><bond>${PORT}</bond></interface>`,
    " stp='on' delay='1.5'",
  ),
  "a bond with a monitor of its own": bond(
    `${PORT}<miimon freq='1' downdelay='2' updelay='0' carrier='netif'/><arpmon/>`,
    " mode='802.3ad'",
  ),
  "a bond that asks": bond(`<arpmon interval='1' target='10.0.0.1' validate='backup'/>${PORT}`, " mode='balance-alb'"),
  "no type": "<interface name='i'/>",
  "an unknown type": "<interface type='x' name='i'/>",
  "another root": "<iface type='x' name='i'/>",
  "no name": "<interface type='ethernet'/>",
  "an unknown start": ethernet("<start mode='x'/>"),
  "an mtu too large": ethernet("<mtu size='100001'/>"),
  "an unknown state": ethernet("<link state='x'/>"),
  "a bad speed": ethernet("<link speed='fast'/>"),
  "a protocol without family": ethernet("<protocol/>"),
  "an unknown family": ethernet("<protocol family='ipx'/>"),
  "a bad prefix": ethernet("<protocol family='ipv4'><ip address='1.1.1.1' prefix='x'/></protocol>"),
  "a bad choice of name servers": ethernet("<protocol family='ipv4'><dhcp peerdns='x'/></protocol>"),
  "a bridge that is none": "<interface type='bridge' name='i'/>",
  "a bond that is none": "<interface type='bond' name='i'/>",
  "a vlan that is none": "<interface type='vlan' name='i'/>",
  "a bridge in a bridge": bridge("<interface type='bridge' name='p'><bridge/></interface>"),
  "a bond in a bond": bond("<interface type='bond' name='p'><bond/></interface>"),
  "a part without name": bridge("<interface type='ethernet'/>"),
  "a vlan without tag": "<interface type='vlan' name='i'><vlan><interface name='e'/></vlan></interface>",
  "a vlan without device": "<interface type='vlan' name='i'><vlan tag='1'/></interface>",
  "an unknown mode of bonding": bond(PORT, " mode='x'"),
  "a monitor without frequency": bond("<miimon/>"),
  "a monitor with a bad delay": bond("<miimon freq='1' downdelay='x'/>"),
  "a monitor with another bad delay": bond("<miimon freq='1' updelay='x'/>"),
  "a monitor with an unknown carrier": bond("<miimon freq='1' carrier='x'/>"),
  "a question without interval": bond("<arpmon target='x'/>"),
  "a question without target": bond("<arpmon interval='1'/>"),
  "a question with an unknown check": bond("<arpmon interval='1' target='x' validate='none'/>"),
};

for (const [what, xml] of Object.entries(CASES)) {
  compare(title(`virsh agrees: ${what}`), (t) => {
    t.deepEqual(
      ours(xml),
      askVirsh("test:///default", xml, (file) => `iface-define ${file}; iface-dumpxml i`),
    );
  });
}
