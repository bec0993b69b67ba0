import {
  formatNetwork,
  formatNetworkPort,
  NetworkUpdateCommand,
  NetworkUpdateSection,
  parseNetwork,
  parseNetworkPort,
  updateNetwork,
} from "../../conf/index.js";
import type { GoldenCase, GoldenRun, GoldenSuites } from "../case.js";
import { expectMode, expectUnwrapped } from "../compare.js";

const networkRoundTrip: GoldenRun = async (row, files) => {
  const inactive = Array.isArray(row.formatFlags) && row.formatFlags.includes("VIR_NETWORK_XML_INACTIVE");
  const printed = await expectMode(row, () => formatNetwork(parseNetwork(files.text(row.input)), { inactive }));
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

const COMMANDS: Readonly<Record<string, number>> = {
  VIR_NETWORK_UPDATE_COMMAND_MODIFY: NetworkUpdateCommand.modify,
  VIR_NETWORK_UPDATE_COMMAND_DELETE: NetworkUpdateCommand.delete,
  VIR_NETWORK_UPDATE_COMMAND_ADD_LAST: NetworkUpdateCommand.addLast,
  VIR_NETWORK_UPDATE_COMMAND_ADD_FIRST: NetworkUpdateCommand.addFirst,
};

const SECTIONS: Readonly<Record<string, number>> = {
  VIR_NETWORK_SECTION_BRIDGE: NetworkUpdateSection.bridge,
  VIR_NETWORK_SECTION_DOMAIN: NetworkUpdateSection.domain,
  VIR_NETWORK_SECTION_IP: NetworkUpdateSection.ip,
  VIR_NETWORK_SECTION_IP_DHCP_HOST: NetworkUpdateSection.ipDhcpHost,
  VIR_NETWORK_SECTION_IP_DHCP_RANGE: NetworkUpdateSection.ipDhcpRange,
  VIR_NETWORK_SECTION_FORWARD: NetworkUpdateSection.forward,
  VIR_NETWORK_SECTION_FORWARD_INTERFACE: NetworkUpdateSection.forwardInterface,
  VIR_NETWORK_SECTION_FORWARD_PF: NetworkUpdateSection.forwardPf,
  VIR_NETWORK_SECTION_PORTGROUP: NetworkUpdateSection.portgroup,
  VIR_NETWORK_SECTION_DNS_HOST: NetworkUpdateSection.dnsHost,
  VIR_NETWORK_SECTION_DNS_TXT: NetworkUpdateSection.dnsTxt,
  VIR_NETWORK_SECTION_DNS_SRV: NetworkUpdateSection.dnsSrv,
};

/** The number of a name in a row. */
function numberOf(row: GoldenCase, field: string, names: Readonly<Record<string, number>>): number {
  const name = row[field];
  const number = typeof name === "string" ? names[name] : undefined;
  if (number === undefined) throw new Error(`unknown ${field}: ${String(name)}`);
  return number;
}

const networkUpdate: GoldenRun = async (row, files) => {
  const network = parseNetwork(files.text(row.input));
  const update = {
    command: numberOf(row, "command", COMMANDS),
    section: numberOf(row, "section", SECTIONS),
    parentIndex: Number(row.effectiveParentIndex),
    xml: files.text(row.extraInputs[0]),
  };
  const inactive = (Number(row.effectiveFormatFlags) & 1) === 1;
  const printed = await expectMode(row, () => formatNetwork(updateNetwork(network, update), { inactive }));
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

const portRoundTrip: GoldenRun = async (row, files) => {
  const printed = await expectMode(row, () => formatNetworkPort(parseNetworkPort(files.text(row.input))));
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

export const networkSuites: GoldenSuites = {
  networkxml2xml: () => networkRoundTrip,
  networkxml2xmlupdate: () => networkUpdate,
  networkport: () => portRoundTrip,
};
