import type { Sysinfo, SysinfoEntries } from "../../sysinfo/model.js";
import type { Cpu, CpuFeature, Domain } from "../model/index.js";
import { type AbiRule, checkLists, checkRules, refuse, rule } from "./rule.js";

const NULL = "<null>";

const CPU: readonly AbiRule<Cpu>[] = [
  rule("Target CPU mode %s does not match source %s", ({ mode }) => mode ?? "custom"),
  rule("Target CPU check %s does not match source %s", ({ check }) => check),
  rule("Target CPU model %s does not match source %s", ({ model }) => model, NULL),
  rule("Target CPU vendor %s does not match source %s", ({ vendor }) => vendor, NULL),
  rule("Target CPU vendor id %s does not match source %s", ({ vendorId }) => vendorId, NULL),
  rule("Target CPU sockets %s does not match source %s", ({ topology }) => topology?.sockets ?? 0),
  rule("Target CPU dies %s does not match source %s", ({ topology }) => topology?.dies ?? 0),
  rule("Target CPU cores %s does not match source %s", ({ topology }) => topology?.cores ?? 0),
  rule("Target CPU threads %s does not match source %s", ({ topology }) => topology?.threads ?? 0),
  rule("Target CPU maxphysaddr does not match source", ({ maxphysaddr }) =>
    maxphysaddr === undefined ? undefined : `${maxphysaddr.mode} ${maxphysaddr.bits}`,
  ),
];

const FEATURE: readonly AbiRule<CpuFeature>[] = [
  rule("Target CPU feature %s does not match source %s", ({ name }) => name),
  rule("Target CPU feature policy %s does not match source %s", ({ policy }) => policy ?? "require"),
];

const CACHE = rule<Cpu>("Target CPU cache does not match source", ({ cache }) =>
  cache === undefined ? undefined : `${cache.mode} ${cache.level}`,
);

/** A `<cpu>` with nothing but NUMA cells is one, too. */
export function checkCpuAbi(source: Domain, target: Domain): void {
  const was = source.cpu;
  const becomes = target.cpu;
  if (was === undefined && becomes === undefined) return;
  if (was === undefined || becomes === undefined) refuse("Target CPU does not match source");
  checkRules(CPU, was, becomes);
  const count = "Target CPU feature count %s does not match source %s";
  checkLists(count, was.features, becomes.features, (a, b) => checkRules(FEATURE, a, b));
  checkRules([CACHE], was, becomes);
}

/** What each table of the firmware has, and how libvirt calls it. */
const TABLES = {
  bios: ["BIOS", { vendor: "vendor", version: "version", date: "date", release: "release" }],
  system: [
    "system",
    {
      manufacturer: "vendor",
      product: "product",
      version: "version",
      serial: "serial",
      uuid: "uuid",
      sku: "sku",
      family: "family",
    },
  ],
  baseBoard: [
    "base board",
    {
      manufacturer: "vendor",
      product: "product",
      version: "version",
      serial: "serial",
      asset: "asset",
      location: "location",
    },
  ],
  chassis: ["chassis", { manufacturer: "vendor", version: "version", serial: "serial", asset: "asset", sku: "sku" }],
} as const;

function entryRules(table: keyof typeof TABLES): readonly AbiRule<SysinfoEntries>[] {
  const [title, fields] = TABLES[table];
  return Object.entries(fields).map(([name, words]) =>
    rule<SysinfoEntries>(
      `Target sysinfo ${title} ${words} %s does not match source %s`,
      (entries) => entries.find((entry) => entry.name === name)?.value,
      NULL,
    ),
  );
}

function checkTable(
  table: keyof typeof TABLES,
  source: SysinfoEntries | undefined,
  target: SysinfoEntries | undefined,
): void {
  if (source === undefined && target === undefined) return;
  if (source === undefined || target === undefined) {
    refuse(`Target ${table === "chassis" ? "chassis" : "sysinfo"} does not match source`);
  }
  checkRules(entryRules(table), source, target);
}

export function checkSysinfoAbi(source: Sysinfo, target: Sysinfo): void {
  checkRules([rule<Sysinfo>("Target sysinfo %s does not match source %s", ({ type }) => type)], source, target);
  if (source.type !== "smbios" || target.type !== "smbios") return;
  checkTable("bios", source.bios, target.bios);
  checkTable("system", source.system, target.system);
  const count = "Target sysinfo base board count '%s' does not match source '%s'";
  checkLists(count, source.baseBoards, target.baseBoards, (a, b) => checkTable("baseBoard", a, b));
  checkTable("chassis", source.chassis, target.chassis);
}
