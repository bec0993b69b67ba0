import { syntax } from "./refusal.js";
import type { Medium, World } from "./state.js";
import type { Words } from "./words.js";

/** VirtualBox's own words, and what it says where a language is set. */
const GERMAN: Readonly<Record<string, string>> = {
  State: "Status",
  Type: "Typ",
  Location: "Ort",
  Capacity: "Kapazität",
  "Storage format": "Abbildformat",
  "Maximum guest CPU count": "Maximale CPU-Anzahl",
  Status: "Zustand",
  Enabled: "Aktiviert",
};

type Line = readonly [label: string, value: string];

/** Blocks of labelled lines, in the user's language. */
function blocks(list: readonly (readonly Line[])[], language: string): string {
  const word = (label: string) => (language === "de" ? (GERMAN[label] ?? label) : label);
  return list
    .map((lines) => lines.map(([label, value]) => `${`${word(label)}:`.padEnd(32)} ${value}\n`).join(""))
    .join("\n");
}

export function list(world: World, words: Words, { folder, language }: { folder: string; language: string }): string {
  const [first = "", ...others] = words.rest;
  const isLong = ["--long", "-l"].includes(first);
  const kind = (isLong ? others[0] : first) ?? "";
  const named = (states?: readonly string[]) =>
    world.machines
      .filter(({ state }) => states === undefined || states.includes(state))
      .map(({ name, uuid }) => `"${name}" {${uuid}}\n`)
      .join("");
  switch (kind) {
    case "vms":
      return named();
    case "runningvms":
      return named(["running", "paused"]);
    case "hdds":
    case "dvds":
    case "floppies": {
      const wanted = { hdds: "hdd", dvds: "dvd", floppies: "fdd" }[kind];
      return blocks(
        world.media.filter((medium) => medium.kind === wanted).map((medium) => mediumLines(medium, isLong)),
        language,
      );
    }
    case "hostonlyifs":
      return blocks(
        world.hostOnly.map(({ name, uuid, ip, netmask, isUp }) => [
          ["Name", name],
          ["GUID", uuid],
          ["DHCP", "Disabled"],
          ["IPAddress", ip],
          ["NetworkMask", netmask],
          ["IPV6Address", ""],
          ["IPV6NetworkMaskPrefixLength", "0"],
          ["HardwareAddress", "0a:00:27:00:00:00"],
          ["MediumType", "Ethernet"],
          ["Status", isUp ? "Up" : "Down"],
          ["VBoxNetworkName", `HostInterfaceNetworking-${name}`],
        ]),
        language,
      );
    case "dhcpservers":
      return blocks(
        world.dhcp.map(({ network, ip, netmask, lower, upper, isOn }) => [
          ["NetworkName", network],
          ["Dhcpd IP", ip],
          ["LowerIPAddress", lower],
          ["UpperIPAddress", upper],
          ["NetworkMask", netmask],
          ["Enabled", isOn ? "Yes" : "No"],
        ]),
        language,
      );
    case "natnets":
    case "natnetworks":
      return blocks(
        world.nat.map(({ name, network, isOn, hasDhcp }) => [
          ["Name", name],
          ["Network", network],
          ["Gateway", network.replace(/\d+\/\d+$/, "1")],
          ["DHCP Server", hasDhcp ? "Yes" : "No"],
          ["Enabled", isOn ? "Yes" : "No"],
        ]),
        language,
      );
    case "systemproperties":
      return blocks(
        [
          [
            ["API version", "7_0"],
            ["Minimum guest RAM size", "4 Megabytes"],
            ["Maximum guest RAM size", "2097152 Megabytes"],
            ["Maximum guest CPU count", "64"],
            ["Default machine folder", folder],
          ],
        ],
        language,
      );
    case "bridgedifs":
      return blocks(
        [
          [
            ["Name", "eth0"],
            ["Status", "Up"],
          ],
        ],
        language,
      );
    case "ostypes":
      return blocks(
        [
          [
            ["ID", "Other"],
            ["Description", "Other/Unknown"],
          ],
        ],
        language,
      );
    default:
      throw syntax(`Unknown subcommand "${kind}".`);
  }
}

function mediumLines({ uuid, path, megabytes, format, type }: Medium, isLong: boolean): Line[] {
  return [
    ["UUID", uuid],
    ["Parent UUID", "base"],
    ["State", "created"],
    ["Type", `${type} (base)`],
    ["Location", path],
    ["Storage format", format],
    ...(isLong ? ([["Format variant", "dynamic default"]] as const) : []),
    ["Capacity", `${megabytes} MBytes`],
    ...(isLong ? ([["Size on disk", "2 MBytes"]] as const) : []),
    ["Encryption", "disabled"],
  ];
}
