import { VirtError } from "@polyvisor/core";
import test from "ava";
import { formatDomain, parseDomain } from "./domain/index.js";
import { formatNetwork, parseNetwork } from "./network/index.js";
import { formatNetworkFilter, parseNetworkFilter } from "./nwfilter/index.js";

interface Kind {
  /** A document with so many elements of one name. */
  readonly write: (count: number) => string;
  /** What is printed of it. */
  readonly again: (xml: string) => string;
  /** A number of these elements that is taken, and one that is read and would be too many once it is printed. */
  readonly taken: number;
  readonly refused: number;
}

const metadata = (count: number): string =>
  `<domain type='test'><name>g</name><metadata><n:a xmlns:n='u'>${"<b/>".repeat(count)}</n:a></metadata><memory>1024</memory>
<os><type arch='x86_64'>hvm</type></os></domain>`;
const devices = (count: number): string =>
  `<domain type='test'><name>g</name><memory>1024</memory><os><type arch='x86_64'>hvm</type></os><devices>
${"<serial type='pty'/>".repeat(4000)}${"<interface type='user'/>".repeat(count)}</devices></domain>`;
const ranges = (count: number): string =>
  `<network><name>n</name><bridge name='b0'/><ip address='192.168.0.1' netmask='255.255.255.0'><dhcp>
${"<range start='192.168.0.2' end='192.168.0.9'/>".repeat(count)}</dhcp></ip></network>`;
const rules = (count: number): string =>
  `<filter name='f'>${"<rule action='drop' direction='in'/>".repeat(count)}</filter>`;

const domain = (xml: string): string => formatDomain(parseDomain(xml), { inactive: true });
const network = (xml: string): string => formatNetwork(parseNetwork(xml));
const filter = (xml: string): string => formatNetworkFilter(parseNetworkFilter(xml));

const KINDS: Readonly<Record<string, Kind>> = {
  "a domain with metadata": { write: metadata, again: domain, taken: 11_980, refused: 11_992 },
  "a domain with devices": { write: devices, again: domain, taken: 1900, refused: 2100 },
  "a network with ranges": { write: ranges, again: network, taken: 11_990, refused: 11_995 },
  "a filter with rules": { write: rules, again: filter, taken: 11_998, refused: 11_999 },
};

for (const [name, { write, again, taken, refused }] of Object.entries(KINDS)) {
  test(`what is printed is read again, or refused at once: ${name}`, (t) => {
    const printed = again(write(taken));
    t.true(again(printed) === printed);
    const error = t.throws(() => again(write(refused)), { instanceOf: VirtError });
    t.is(error?.detail, "Too many elements in document: more than 12000 with all that is filled in");
    t.is(error?.position?.line, 1);
  });
}
