import type { DomainEvent, DomainEventKind, TypedParam } from "@polyvisor/core";
import { wordFor } from "./numbers.js";

type EventOf<K extends DomainEventKind> = Extract<DomainEvent, { kind: K }>;

/** By the members of `LIFECYCLE_EVENT`: the word for the event and those for its details, as virsh says them. */
const LIFECYCLE: readonly (readonly [event: string, details: readonly string[]])[] = [
  ["Defined", ["Added", "Updated", "Renamed", "Snapshot"]],
  ["Undefined", ["Removed", "Renamed"]],
  ["Started", ["Booted", "Migrated", "Restored", "Snapshot", "Event wakeup"]],
  [
    "Suspended",
    [
      "Paused",
      "Migrated",
      "I/O Error",
      "Watchdog",
      "Restored",
      "Snapshot",
      "API error",
      "Post-copy",
      "Post-copy Error",
    ],
  ],
  ["Resumed", ["Unpaused", "Migrated", "Snapshot", "Post-copy", "Post-copy Error"]],
  ["Stopped", ["Shutdown", "Destroyed", "Crashed", "Migrated", "Saved", "Failed", "Snapshot"]],
  ["Shutdown", ["Finished", "Finished after guest request", "Finished after host request"]],
  ["PMSuspended", ["Memory", "Disk"]],
  ["Crashed", ["Panicked", "Crashloaded"]],
];

const WATCHDOG = ["none", "pause", "reset", "poweroff", "shutdown", "debug", "inject-nmi"];
const IO_ERROR = ["none", "pause", "report"];
const GRAPHICS_PHASE = ["connect", "initialize", "disconnect"];
const GRAPHICS_FAMILY = ["IPv4", "IPv6", "unix"];
const BLOCK_JOB = ["unknown job", "Block Pull", "Block Copy", "Block Commit", "Active Block Commit", "Backup"];
const BLOCK_JOB_STATUS = ["completed", "failed", "canceled", "ready"];
const DISK_CHANGE = ["changed", "dropped"];
const TRAY_CHANGE = ["opened", "closed"];
const AGENT_STATE = ["unknown", "connected", "disconnected"];
const AGENT_REASON = ["unknown", "domain started", "channel event"];
const METADATA = ["description", "title", "element"];
const MEMORY_RECIPIENT = ["hypervisor", "guest"];
const MEMORY_ACTION = ["ignore", "inject", "fatal", "reset"];

/** What an event tells beyond its kind and its domain; nothing where there is no more. */
const DETAILS: { readonly [K in DomainEventKind]: (event: EventOf<K>) => string } = {
  lifecycle: ({ event, detail }) => {
    const [word, details] = LIFECYCLE[event] ?? [wordFor([], event), []];
    return `${word} ${wordFor(details, detail)}`;
  },
  reboot: () => "",
  rtcChange: ({ offset }) => `${offset}`,
  watchdog: ({ action }) => wordFor(WATCHDOG, action),
  ioError: ({ srcPath, devAlias, action }) => `${srcPath} (${devAlias}) ${wordFor(IO_ERROR, action)}`,
  graphics: graphicsDetails,
  ioErrorReason: ({ srcPath, devAlias, action, reason }) =>
    `${srcPath} (${devAlias}) ${wordFor(IO_ERROR, action)} due to ${reason}`,
  controlError: () => "",
  blockJob: ({ path, type, status }) => blockJobDetails(path, type, status),
  diskChange: ({ oldSrcPath, newSrcPath, devAlias, reason }) =>
    `disk ${devAlias} ${oldSrcPath ?? "-"} -> ${newSrcPath ?? "-"}: ${wordFor(DISK_CHANGE, reason)}`,
  trayChange: ({ devAlias, reason }) => `disk ${devAlias}: ${wordFor(TRAY_CHANGE, reason)}`,
  pmWakeup: () => "",
  pmSuspend: () => "",
  balloonChange: ({ actual }) => `${actual}KiB`,
  pmSuspendDisk: () => "",
  deviceRemoved: ({ devAlias }) => devAlias,
  blockJob2: ({ dst, type, status }) => blockJobDetails(dst, type, status),
  tunable: ({ params }) => paramLines(params),
  agentLifecycle: ({ state, reason }) =>
    `state: '${wordFor(AGENT_STATE, state)}' reason: '${wordFor(AGENT_REASON, reason)}'`,
  deviceAdded: ({ devAlias }) => devAlias,
  migrationIteration: ({ iteration }) => `iteration: '${iteration}'`,
  jobCompleted: ({ params }) => paramLines(params),
  deviceRemovalFailed: ({ devAlias }) => devAlias,
  metadataChange: ({ type, nsuri }) => `type ${wordFor(METADATA, type)}, uri ${nsuri ?? "-"}`,
  blockThreshold: ({ dev, path, threshold, excess }) => `dev: ${dev}(${path ?? "-"}) ${threshold} ${excess}`,
  memoryFailure: ({ recipient, action, flags }) =>
    `recipient: ${wordFor(MEMORY_RECIPIENT, recipient)}, action: ${wordFor(MEMORY_ACTION, action)}, flags: ${flags}`,
  memoryDeviceSizeChange: ({ alias, size }) => `alias: '${alias}' new size: ${size}KiB`,
};

/** An event in words, such as `event 'lifecycle' for domain 'guest': Started Booted`. Lists take a line for each entry. */
export function describeEvent(event: DomainEvent): string {
  const details = (DETAILS[event.kind] as (event: DomainEvent) => string)(event);
  const head = `event '${eventName(event.kind)}' for domain '${event.dom.name}'`;
  if (details === "") return head;
  return details.startsWith("\n") ? `${head}:${details}` : `${head}: ${details}`;
}

/** A kind in virsh's spelling: `block-job-2` for `blockJob2`. */
export function eventName(kind: DomainEventKind): string {
  return kind.replace(/[A-Z0-9]/g, (letter) => `-${letter.toLowerCase()}`);
}

function graphicsDetails({ phase, local, remote, authScheme, subject }: EventOf<"graphics">): string {
  const end = ({ family, node, service }: EventOf<"graphics">["local"]) =>
    `${wordFor(GRAPHICS_FAMILY, family)} (${node}, ${service})`;
  const words = `${wordFor(GRAPHICS_PHASE, phase)} local: ${end(local)} remote: ${end(remote)} auth: ${authScheme}`;
  return [words, ...subject.map(({ type, name }) => `\t${type}=${name}`)].join("\n");
}

function blockJobDetails(disk: string, type: number, status: number): string {
  return `${wordFor(BLOCK_JOB, type)} for ${disk} ${wordFor(BLOCK_JOB_STATUS, status)}`;
}

function paramLines(params: readonly TypedParam[]): string {
  return params.map(({ field, value }) => `\n\t${field}: ${value}`).join("");
}
