import { VirtError } from "@polyvisor/core";
import type { ChardevSource, Domain, Interface } from "@polyvisor/sdk/conf";
import type { GoldenCase } from "@polyvisor/sdk/golden";
import type { Runtime, Secrets } from "../command-line/index.js";
import { shortName } from "../state/layout.js";
import { listField, settingOf, textField } from "./fields.js";
import { guestFolder, RUN_DIR } from "./live.js";

const NOW = 1234567890;
/** The clock of the data's host is half an hour behind UTC: its zone is written `VIR00:30`. */
const LOCAL_OFFSET = -1800;

/** Descriptors as the data has them; none of them is open. */
const FD = {
  tap: 3,
  vhost: 44,
  socket: 1729,
  tpm: 1730,
  tpmCancel: 1731,
  vdpa: 1732,
  file: 1750,
  log: 1751,
  vsock: 6789,
};

/** What the start of a guest would have opened and made, made up as in the data. */
export function runtimeOf(row: GoldenCase, domain: Domain): Runtime {
  const folder = guestFolder(domain);
  return {
    libDir: folder,
    privileged: true,
    fips: listField(row, "flags").includes("FLAG_FIPS_HOST"),
    environment: { PATH: "/bin", USER: "test", LOGNAME: "test" },
    monitor: { fd: FD.socket },
    ...chardevFds(domain),
    taps: new Map(domain.devices.interfaces.map((nic) => [nic.alias ?? "", tapOf(nic)])),
    scsiDevices: new Map(domain.devices.hostdevs.map((hostdev) => [hostdev.alias ?? "", "/dev/sg0"])),
    fdGroups: fdGroups(row),
    vhostFds: vhostFds(domain),
    tpmFds: new Map(domain.devices.tpms.map((tpm) => [tpm.alias ?? "", { device: FD.tpm, cancel: FD.tpmCancel }])),
    helperSockets: helperSockets(domain, folder),
    memory: {
      backingDir: "/var/lib/libvirt/qemu/ram",
      hugepages: [
        { size: 2048, path: "/dev/hugepages2M" },
        { size: 1048576, path: "/dev/hugepages1G" },
      ],
      domainFolder: shortName(-1, domain.name),
    },
    checkNumaNodes,
    now: NOW,
    localOffset: LOCAL_OFFSET,
    incoming: incomingOf(row),
    secrets: SECRETS,
    settings: settingsOf(row),
  };
}

/** The data's host has eight, and words of its own for what it has not. */
function checkNumaNodes(nodes: readonly number[]): void {
  const missing = nodes.find((node) => node >= 8);
  if (missing !== undefined)
    throw new VirtError("INTERNAL_ERROR", `Mock: no numa node set is available at bit ${missing}`);
}

const SECRETS: Secrets = {
  masterKey: Uint8Array.from({ length: 32 }, (_, at) => at),
  newIv: () => Uint8Array.from({ length: 16 }, (_, at) => at),
  valueOf: () => Buffer.from("AQCVn5hO6HzFAhAAq0NCv8jtJcIcE+HOBlMQ1A"),
};

function settingsOf(row: GoldenCase): NonNullable<Runtime["settings"]> {
  const set = (name: string) => settingOf(row, "cfg", name) !== undefined;
  const secret = (name: string) => {
    const uuid = settingOf(row, "cfg", `${name}TLSx509secretUUID`);
    return uuid === undefined ? undefined : { uuid };
  };
  const tls = (name: string, dir: string) => ({
    dir,
    always: set(`${name}TLS`),
    verify: set(`${name}TLSx509verify`),
    secret: secret(name),
  });
  return {
    spicePassword: true,
    spiceTlsDir: "/etc/pki/libvirt-spice",
    dumpGuestCore: settingOf(row, "cfg", "dumpGuestCore") === "true",
    vncSasl: set("vncSASL") ? { dir: settingOf(row, "cfg", "vncSASLdir") } : undefined,
    spiceSasl: set("spiceSASL") ? { dir: settingOf(row, "cfg", "spiceSASLdir") } : undefined,
    vncTls: set("vncTLS") ? tls("vnc", "/etc/pki/libvirt-vnc") : undefined,
    chardevTls: tls("chardev", "/etc/pki/libvirt-chardev"),
    storageTls: {
      nbd: tls("nbd", "/etc/pki/libvirt-nbd/dummy,path"),
      vxhs: tls("vxhs", "/etc/pki/libvirt-vxhs/dummy,path"),
    },
  };
}

function chardevFds({ devices }: Domain): Pick<Runtime, "chardevFds" | "chardevLogFds"> {
  const fds = new Map<string, number>();
  const logs = new Map<string, number>();
  const open = (alias: string | undefined, source: ChardevSource) => {
    if (alias === undefined) return;
    if (source.type === "unix" && source.mode === "bind") fds.set(alias, FD.socket);
    if (source.type === "file") fds.set(alias, FD.file);
    if (source.log !== undefined) logs.set(alias, FD.log);
  };
  const { serials, parallels, channels, consoles, redirdevs } = devices;
  for (const { alias, source } of [...serials, ...parallels, ...channels, ...consoles, ...redirdevs])
    open(alias, source);
  for (const card of devices.smartcards) if (card.mode === "passthrough") open(card.alias, card.source);
  for (const { alias, backend } of devices.rngs) if (backend.model === "egd") open(alias, backend.source);
  for (const { alias, driver } of devices.videos)
    if (driver?.name === "vhostuser" && alias !== undefined) fds.set(alias, FD.socket);
  return { chardevFds: fds, chardevLogFds: logs };
}

function tapOf(nic: Interface): { readonly fds: readonly number[]; readonly vhostFds?: readonly number[] } {
  const count = Math.max(1, nic.driver?.queues ?? 1);
  const row = (first: number) => Array.from({ length: count }, (_, at) => first + at);
  const virtio = nic.model?.startsWith("virtio") === true;
  return { fds: row(FD.tap), ...(virtio ? { vhostFds: row(FD.vhost) } : {}) };
}

function vhostFds({ devices }: Domain): ReadonlyMap<string, number> {
  return new Map([
    ["vsock0", FD.vsock],
    ...devices.interfaces
      .filter((nic) => nic.source.type === "vdpa")
      .map((nic): [string, number] => [nic.alias ?? "", FD.vdpa]),
    ...devices.hostdevs.map((hostdev): [string, number] => [hostdev.alias ?? "", FD.tap]),
  ]);
}

function helperSockets(domain: Domain, folder: string): ReadonlyMap<string, string> {
  const { devices } = domain;
  return new Map([
    ...devices.tpms.map((tpm): [string, string] => [tpm.alias ?? "", "/dev/test"]),
    ...devices.filesystems.map((fs): [string, string] => [fs.alias ?? "", `${folder}/${fs.alias}-fs.sock`]),
    ...devices.interfaces.map((nic): [string, string] => [
      nic.alias ?? "",
      `${RUN_DIR}/passt/${shortName(-1, domain.name)}-${nic.alias}.socket`,
    ]),
  ]);
}

function fdGroups(row: GoldenCase): NonNullable<Runtime["fdGroups"]> {
  const groups = Array.isArray(row.fds)
    ? (row.fds as readonly { readonly name: string; readonly fds: readonly string[] }[])
    : [];
  return new Map(groups.map(({ name, fds }) => [name, { fds: fds.map(Number), writable: false }]));
}

function incomingOf(row: GoldenCase): string | undefined {
  const from = textField(row, "migrateFrom");
  return from === "stdio" ? `fd:${textField(row, "migrateFd") ?? ""}` : from;
}
