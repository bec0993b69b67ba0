import type { Domain, Hostdev } from "@polyvisor/sdk/conf";
import { type NativeReader, type NativeSettings, parseNumber } from "./config.js";
import { refuse } from "./errors.js";

/** The host's PCI devices that the guest gets: `DOMAIN:BUS:SLOT.FUNCTION,permissive=1`. */
export function parsePciDevices(conf: NativeReader): readonly Hostdev[] {
  return (conf.strings("pci") ?? []).map(parsePci);
}

function parsePci(entry: string): Hostdev {
  const [address = "", ...options] = entry.split(",");
  const match =
    /^(?:([^:]*):)?([^:]*):([^:.]*)\.([^:]*)$/.exec(address) ?? refuseAddress(address.split(":").pop() ?? "");
  const number = (text: string | undefined): number =>
    text === undefined ? 0 : (parseNumber(text, 16) ?? refuseAddress(entry));
  const [domain, bus, slot, fn] = match.slice(1).map(number);
  return {
    kind: "hostdev",
    mode: "subsystem",
    managed: false,
    source: {
      type: "pci",
      address: { type: "pci", domain: domain ?? 0, bus: bus ?? 0, slot: slot ?? 0, function: fn ?? 0 },
      writeFiltering: parseFiltering(options),
    },
  };
}

function refuseAddress(entry: string): never {
  refuse("INTERNAL_ERROR", `Malformed PCI address ${entry}`, "Write DOMAIN:BUS:SLOT.FUNCTION in hexadecimal numbers.");
}

/** Absent where nothing is said. */
function parseFiltering(options: readonly string[]): "yes" | "no" | undefined {
  let filtering: "yes" | "no" | undefined;
  for (const option of options) {
    const equals = option.indexOf("=");
    if (equals < 0) refuse("INTERNAL_ERROR", `Malformed PCI options ${options.join(",")}`, "Write KEY=VALUE.");
    if (option.slice(0, equals) !== "permissive") continue;
    const value = Number(option.slice(equals + 1) || Number.NaN);
    if (!Number.isInteger(value)) refuse("INTERNAL_ERROR", `Malformed PCI options ${option}`, "Write a number.");
    filtering = value === 0 ? "yes" : "no";
  }
  return filtering;
}

export function formatPciDevices({ devices }: Domain, settings: NativeSettings): void {
  settings.setList(
    "pci",
    devices.hostdevs.map(formatPci).filter((each) => each !== undefined),
  );
}

/** Undefined for a device that is not PCI. */
export function formatPci({ source }: Pick<Hostdev, "source">): string | undefined {
  if (source.type !== "pci") return undefined;
  const { domain, bus, slot, function: fn } = source.address;
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
  const permissive =
    source.writeFiltering === undefined ? "" : `,permissive=${source.writeFiltering === "yes" ? 0 : 1}`;
  return `${hex(domain, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${hex(fn, 1)}${permissive}`;
}
