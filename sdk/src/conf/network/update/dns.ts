import type { Network, NetworkDns } from "../model.js";
import {
  parseDnsHost,
  parseDnsSrv,
  parseDnsTxt,
  parsePartialDnsHost,
  parsePartialDnsSrv,
  parsePartialDnsTxt,
} from "../parse/dns.js";
import {
  cannotModify,
  expectElement,
  invalid,
  isAdd,
  NetworkUpdateCommand,
  type SectionUpdate,
  unknownCommand,
  withAdded,
  withoutAt,
} from "./list.js";

export function updateDnsHost(update: SectionUpdate): Network {
  const { network, command, element } = update;
  const { hosts } = network.dns;
  if (command === NetworkUpdateCommand.modify) throw cannotModify(element, "DNS HOST records");
  expectElement(update, "host");
  if (isAdd(command)) {
    const host = parseDnsHost(element, network.name);
    // more than one address may have a name
    if (hosts.some((each) => each.ip === host.ip)) {
      const detail = `there is already at least one DNS HOST record with a matching field in network ${network.name}`;
      throw invalid(element, detail, "Delete the existing record first.");
    }
    return withDns(network, { hosts: withAdded(hosts, host, command) });
  }
  const wanted = parsePartialDnsHost(element, network.name);
  const found = indexesOf(
    hosts,
    (each) => each.ip === wanted.ip || wanted.names.some((name) => each.names.includes(name)),
  );
  return withDns(network, { hosts: withoutAt(hosts, onlyOne(update, found, DNS_HOST)) });
}

export function updateDnsSrv(update: SectionUpdate): Network {
  const { network, command, element } = update;
  const { srvs } = network.dns;
  if (command === NetworkUpdateCommand.modify) throw cannotModify(element, "DNS SRV records");
  expectElement(update, "srv");
  const add = isAdd(command);
  const wanted = parsePartialDnsSrv(element, network.name, !add);
  const keys = ["domain", "service", "protocol", "target"] as const;
  const found = indexesOf(srvs, (each) => keys.every((key) => wanted[key] === undefined || wanted[key] === each[key]));
  if (add) {
    if (found.length > 0) {
      const detail = `there is already at least one DNS SRV record matching all specified fields in network ${network.name}`;
      throw invalid(element, detail, "Delete the existing record first.");
    }
    return withDns(network, { srvs: withAdded(srvs, parseDnsSrv(element, network.name), command) });
  }
  return withDns(network, { srvs: withoutAt(srvs, onlyOne(update, found, DNS_SRV)) });
}

export function updateDnsTxt(update: SectionUpdate): Network {
  const { network, command, element } = update;
  const { txts } = network.dns;
  if (command === NetworkUpdateCommand.modify) throw cannotModify(element, "DNS TXT records");
  expectElement(update, "txt");
  if (isAdd(command)) {
    const txt = parseDnsTxt(element, network.name);
    if (txts.some((each) => each.name === txt.name)) {
      const detail = `there is already a DNS TXT record with name '${txt.name}' in network ${network.name}`;
      throw invalid(element, detail, "Delete the existing record first.");
    }
    return withDns(network, { txts: withAdded(txts, txt, command) });
  }
  const wanted = parsePartialDnsTxt(element, network.name);
  const found = indexesOf(txts, (each) => each.name === wanted.name).slice(0, 1);
  return withDns(network, { txts: withoutAt(txts, onlyOne(update, found, DNS_TXT)) });
}

function withDns(network: Network, part: Partial<NetworkDns>): Network {
  return { ...network, dns: { ...network.dns, ...part } };
}

function indexesOf<T>(list: readonly T[], matches: (item: T) => boolean): readonly number[] {
  return list.flatMap((item, at) => (matches(item) ? [at] : []));
}

/** What the messages call a kind of record. */
interface RecordWords {
  readonly missing: string;
  readonly ambiguous: string;
}

const DNS_HOST: RecordWords = {
  missing: "couldn't locate a matching DNS HOST record",
  ambiguous: "multiple matching DNS HOST records were found",
};
const DNS_SRV: RecordWords = {
  missing: "couldn't locate a matching DNS SRV record",
  ambiguous: "multiple DNS SRV records matching all specified fields were found",
};
const DNS_TXT: RecordWords = { missing: "couldn't locate a matching DNS TXT record", ambiguous: "" };

/** The index of the one record to delete. */
function onlyOne({ network, command, element }: SectionUpdate, found: readonly number[], words: RecordWords): number {
  if (command !== NetworkUpdateCommand.delete) throw unknownCommand(command);
  const [first, second] = found;
  if (first === undefined) {
    throw invalid(element, `${words.missing} in network ${network.name}`, "See net-dumpxml for the records.");
  }
  if (second !== undefined) {
    throw invalid(element, `${words.ambiguous} in network ${network.name}`, "Say more of the record.");
  }
  return first;
}
