import { i32, i64, optional, u32 } from "../xdr/index.js";
import { call, defineApi, defineMessages, type HandlersOf, message } from "./define.js";
import { type Domain, domain, text } from "./types.js";

/** How the command of `domainQemuMonitorCommand` is written. */
export const QEMU_MONITOR_COMMAND_FLAG = {
  /** For people, in a line of text; JSON otherwise. */
  HMP: 1,
} as const;

/** How `connectDomainQemuMonitorEventRegister` compares an event's name with the one that is asked for. */
export const QEMU_MONITOR_EVENT_FLAG = {
  /** What is asked for is a regular expression. */
  REGEX: 1,
  NOCASE: 2,
} as const;

/** What `timeout` of `domainQemuAgentCommand` means where it is no number of seconds. */
export const QEMU_AGENT_TIMEOUT = {
  /** For ever. */
  BLOCK: -2,
  DEFAULT: -1,
  /** Not at all. */
  NOWAIT: 0,
} as const;

/** Calls that go past the API to QEMU itself: whoever makes them has to know what they do to a guest. */
export const qemuApi = defineApi({
  /** The emulator's answer as it came: JSON, or text for people. */
  domainQemuMonitorCommand: call(
    1,
    { dom: domain, cmd: text, flags: u32 },
    { result: text },
    { acl: ["domain:write"], shape: { returns: "result" } },
  ),
  /** Takes over an emulator that was started by hand. libvirt itself does so no longer. */
  domainQemuAttach: call(
    2,
    { pidValue: u32, flags: u32 },
    { dom: domain },
    { acl: ["domain:start", "domain:write"], shape: { returns: "dom" } },
  ),
  /** `timeout` is in seconds, or one of `QEMU_AGENT_TIMEOUT`. The answer of the guest's agent is JSON. */
  domainQemuAgentCommand: call(
    3,
    { dom: domain, cmd: text, timeout: i32, flags: u32 },
    { result: optional(text) },
    { acl: ["domain:write"], shape: { returns: "result" } },
  ),
  /** Without a domain those of all are told, without `event` all that there are. */
  connectDomainQemuMonitorEventRegister: call(
    4,
    { dom: optional(domain), event: optional(text), flags: u32 },
    { callbackID: i32 },
    {
      acl: ["connect:search_domains", "connect:write"],
      aclFilter: "domain:getattr",
      priority: "high",
      by: "session",
      shape: { returns: "callbackID" },
    },
  ),
  connectDomainQemuMonitorEventDeregister: call(
    5,
    { callbackID: i32 },
    {},
    { acl: ["connect:write"], priority: "high", by: "session" },
  ),
  /** The descriptors that go with the message are the command's. */
  domainQemuMonitorCommandWithFiles: call(
    7,
    { dom: domain, cmd: text, flags: u32 },
    { result: text },
    { acl: ["domain:write"], descriptors: "taken", shape: { returns: "result" } },
  ),
});

export interface QemuHandlers extends HandlersOf<typeof qemuApi> {}

/** What a monitor told by itself. */
export interface MonitorEvent {
  readonly dom: Domain;
  /** The monitor's own name of it, such as `STOP`. */
  readonly event: string;
  /** When it happened, in seconds since 1970 and microseconds; -1 where the monitor does not say. */
  readonly seconds: bigint | number;
  readonly micros: number;
  /** What it says beside, as JSON; `null` where it says nothing. */
  readonly details: string | null;
}

export const qemuMessages = defineMessages({
  domainQemuMonitorEvent: message(6, {
    callbackID: i32,
    dom: domain,
    event: text,
    seconds: i64,
    micros: u32,
    details: optional(text),
  }),
});
