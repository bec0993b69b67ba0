import type { SmbiosInfo, SysinfoEntries } from "./model.js";

/** How dmidecode calls an entry, and how we do. */
type Labels = readonly (readonly [label: string, name: string])[];

const BIOS: Labels = [
  ["Vendor", "vendor"],
  ["Version", "version"],
  ["Release Date", "date"],
  ["BIOS Revision", "release"],
];
const SYSTEM: Labels = [
  ["Manufacturer", "manufacturer"],
  ["Product Name", "product"],
  ["Version", "version"],
  ["Serial Number", "serial"],
  ["UUID", "uuid"],
  ["SKU Number", "sku"],
  ["Family", "family"],
];
const BOARD: Labels = [
  ["Manufacturer", "manufacturer"],
  ["Product Name", "product"],
  ["Version", "version"],
  ["Serial Number", "serial"],
  ["Asset Tag", "asset"],
  ["Location In Chassis", "location"],
];
const CHASSIS: Labels = [
  ["Manufacturer", "manufacturer"],
  ["Version", "version"],
  ["Serial Number", "serial"],
  ["Asset Tag", "asset"],
  ["SKU Number", "sku"],
];
const PROCESSOR: Labels = [
  ["Socket Designation", "socket_destination"],
  ["Type", "type"],
  ["Family", "family"],
  ["Manufacturer", "manufacturer"],
  ["Signature", "signature"],
  ["Version", "version"],
  ["External Clock", "external_clock"],
  ["Max Speed", "max_speed"],
  ["Status", "status"],
  ["Serial Number", "serial_number"],
  ["Part Number", "part_number"],
];
const MEMORY: Labels = [
  ["Size", "size"],
  ["Form Factor", "form_factor"],
  ["Locator", "locator"],
  ["Bank Locator", "bank_locator"],
  ["Type", "type"],
  ["Type Detail", "type_detail"],
  ["Speed", "speed"],
  ["Manufacturer", "manufacturer"],
  ["Serial Number", "serial_number"],
  ["Part Number", "part_number"],
];

/** What the tables 0 to 4, 11 and 17 are asked for with. */
export const DMIDECODE_ARGS: readonly string[] = ["-q", "-t", "0,1,2,3,4,11,17"];

/**
 * The host's SMBIOS tables from what `dmidecode` prints when run with `DMIDECODE_ARGS`.
 *
 * As in libvirt an entry is read where it next stands below a heading, even below another one, and a heading may go on
 * with more words (`Memory Device Mapped Address`): the documents of one host must be the same with both managers.
 *
 * `rawString` gives a vendor's string by its number, counted from 1, as `dmidecode --dump --oem-string` prints it: in
 * the tables a line break is printed as a dot, so strings with dots are asked for again.
 */
export async function parseDmidecode(
  output: string,
  rawString: (number: number) => Promise<string>,
): Promise<SmbiosInfo> {
  const first = (heading: string, labels: Labels): SysinfoEntries | undefined => {
    const at = output.indexOf(heading);
    return at === -1 ? undefined : readEntries(output, at, labels);
  };
  const every = (heading: string, labels: Labels): SysinfoEntries[] =>
    placesOf(output, heading).flatMap((at) => {
      const entries = readEntries(output, at, labels);
      return entries === undefined ? [] : [entries];
    });
  return {
    type: "smbios",
    bios: first("BIOS Information", BIOS),
    system: first("System Information", SYSTEM),
    baseBoards: every("Base Board Information", BOARD),
    chassis: first("Chassis Information", CHASSIS),
    processors: every("Processor Information", PROCESSOR),
    memoryDevices: every("Memory Device", MEMORY),
    oemStrings: await readStrings(output, rawString),
  };
}

function placesOf(output: string, heading: string): number[] {
  const places: number[] = [];
  for (let at = output.indexOf(heading); at !== -1; at = output.indexOf(heading, at + heading.length)) places.push(at);
  return places;
}

/** The entries of the table that begins at `from`; undefined when there are none, or for a slot without a module. */
function readEntries(output: string, from: number, labels: Labels): SysinfoEntries | undefined {
  const entries = labels.flatMap(([label, name]) => {
    const value = valueBelow(output, from, label);
    return value === undefined ? [] : [{ name, value }];
  });
  const isEmptySlot = entries.some(({ name, value }) => name === "size" && value === "No Module Installed");
  return entries.length === 0 || isEmptySlot ? undefined : entries;
}

function valueBelow(output: string, from: number, label: string): string | undefined {
  const at = output.indexOf(`${label}: `, from);
  if (at === -1) return undefined;
  const start = at + label.length + 2;
  const end = output.indexOf("\n", start);
  const value = output.slice(start, end === -1 ? undefined : end).trimEnd();
  return value === "" ? undefined : value;
}

async function readStrings(
  output: string,
  rawString: (number: number) => Promise<string>,
): Promise<readonly string[] | undefined> {
  const at = output.indexOf("OEM Strings");
  if (at === -1) return undefined;
  const strings: string[] = [];
  for (const [, written = ""] of output.slice(at).matchAll(/^\s+String \d+: (.*)$/gm)) {
    const value = written.trimEnd();
    if (value !== "") strings.push(value.includes(".") ? await rawString(strings.length + 1) : value);
  }
  return strings;
}
