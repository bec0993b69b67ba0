import type { GuestInterface, TypedParam } from "@polyvisor/core";
import type { TestDomain } from "../domain.js";
import { testError } from "../errors.js";
import { MOUNT_POINTS } from "../guest.js";

/** What can be asked for (`virDomainGuestInfoTypes`). */
const TYPES = { USERS: 1, OS: 2, TIMEZONE: 4, HOSTNAME: 8, FILESYSTEM: 16, DISKS: 32, INTERFACES: 64 } as const;
const ALL = Object.values(TYPES).reduce<number>((all, type) => all | type, 0);

/** Milliseconds since 1970. */
const LOGGED_IN = 627319920000;
const DISK_SIZE = 1024 ** 3;
const IPV4 = 0;

const text = (field: string, value: string): TypedParam => ({ field, type: "string", value });
const count = (field: string, value: number): TypedParam => ({ field, type: "uint", value });
const large = (field: string, value: number): TypedParam => ({ field, type: "ullong", value });

/** What a guest's agent would tell; `types` of 0 asks for everything. `cards` is asked for the guest's cards. */
export function guestInfoOf(domain: TestDomain, types: number, cards: () => readonly GuestInterface[]): TypedParam[] {
  const unknown = (types & ~ALL) >>> 0;
  if (unknown !== 0) {
    const detail = `unsupported guest information types '0x${unknown.toString(16)}'`;
    throw testError("ARGUMENT_UNSUPPORTED", detail, `the known ones are 0x${ALL.toString(16)}`);
  }
  const asked = types === 0 ? ALL : types;
  const told = PARTS.flatMap(([type, part]) => ((asked & type) === 0 ? [] : part(domain)));
  return (asked & TYPES.INTERFACES) === 0 ? told : [...told, ...interfaces(cards())];
}

const PARTS: readonly (readonly [type: number, part: (domain: TestDomain) => TypedParam[]])[] = [
  [TYPES.USERS, () => [count("user.count", 1), text("user.0.name", "root"), large("user.0.login-time", LOGGED_IN)]],
  [
    TYPES.OS,
    ({ config }) => [
      text("os.id", "test"),
      text("os.name", "Test guest"),
      text("os.pretty-name", "Test guest 1"),
      text("os.version", "1"),
      text("os.version-id", "1"),
      text("os.machine", config.os.arch ?? "i686"),
      text("os.kernel-release", "1.0.0"),
      text("os.kernel-version", "#1 TEST"),
    ],
  ],
  [TYPES.TIMEZONE, () => [text("timezone.name", "UTC"), { field: "timezone.offset", type: "int", value: 0 }]],
  [TYPES.HOSTNAME, ({ ref }) => [text("hostname", `${ref.name}host`)]],
  [TYPES.FILESYSTEM, fileSystems],
  [TYPES.DISKS, disks],
];

function fileSystems({ config }: TestDomain): TypedParam[] {
  const disk = config.devices.disks.find(({ device }) => device === "disk")?.target.dev;
  if (disk === undefined) return [count("fs.count", 0)];
  const each = MOUNT_POINTS.flatMap((point, index): TypedParam[] => [
    text(`fs.${index}.name`, `${disk}${index + 1}`),
    text(`fs.${index}.mountpoint`, point),
    text(`fs.${index}.fstype`, "ext4"),
    large(`fs.${index}.total-bytes`, DISK_SIZE / 2),
    large(`fs.${index}.used-bytes`, DISK_SIZE / 8),
    count(`fs.${index}.disk.count`, 1),
    text(`fs.${index}.disk.0.alias`, disk),
    text(`fs.${index}.disk.0.device`, `/dev/${disk}`),
  ]);
  return [count("fs.count", MOUNT_POINTS.length), ...each];
}

function disks({ config }: TestDomain): TypedParam[] {
  const { disks: all } = config.devices;
  const each = all.flatMap(({ target }, index): TypedParam[] => [
    text(`disk.${index}.name`, `/dev/${target.dev}`),
    { field: `disk.${index}.partition`, type: "boolean", value: false },
    text(`disk.${index}.alias`, target.dev),
  ]);
  return [count("disk.count", all.length), ...each];
}

function interfaces(cards: readonly GuestInterface[]): TypedParam[] {
  const each = cards.flatMap(({ hwaddr, addrs }, index): TypedParam[] => [
    text(`if.${index}.name`, `eth${index}`),
    ...(hwaddr === null ? [] : [text(`if.${index}.hwaddr`, hwaddr)]),
    count(`if.${index}.addr.count`, addrs.length),
    ...addrs.flatMap(({ type, addr, prefix }, at): TypedParam[] => [
      text(`if.${index}.addr.${at}.type`, type === IPV4 ? "ipv4" : "ipv6"),
      text(`if.${index}.addr.${at}.addr`, addr),
      count(`if.${index}.addr.${at}.prefix`, prefix),
    ]),
  ]);
  return [count("if.count", cards.length), ...each];
}
