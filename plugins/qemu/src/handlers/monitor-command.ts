import {
  type CallContext,
  type Descriptor,
  DOMAIN_STATE,
  type Domain,
  QEMU_MONITOR_COMMAND_FLAG,
  type QemuHandlers,
} from "@polyvisor/core";
import { isObject, type Json } from "../capabilities/json.js";
import { checkFlags, qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { compactJson, QmpError } from "../monitor/index.js";
import { parseLine } from "../monitor/parse-line.js";
import { withGuest } from "./lifecycle.js";
import { taint } from "./messages.js";

/** A command for people may do anything, such as write the guest's memory to a disk: it gets an hour, in milliseconds. */
const PATIENCE = 3_600_000;

/** Commands for the emulator itself. What they do to a guest only the caller knows, so they taint it. */
export function monitorCommandHandlers(hypervisor: Hypervisor): QemuHandlers {
  return {
    domainQemuMonitorCommand: (command, context) => monitorCommand(hypervisor, command, context),
    domainQemuMonitorCommandWithFiles({ descriptors, ...command }, context) {
      if (descriptors.length > 1)
        throw qemuError("INVALID_ARG", "at most 1 fd can be passed to qemu along with a command");
      return monitorCommand(hypervisor, { ...command, descriptor: descriptors[0] }, context);
    },
    domainQemuAgentCommand: ({ dom, flags }) => agentCommand(hypervisor, dom, flags),
  };
}

interface Command {
  readonly dom: Domain;
  readonly cmd: string;
  readonly flags: number;
  /** What goes with it to the emulator. */
  readonly descriptor?: Descriptor | undefined;
}

function monitorCommand(
  hypervisor: Hypervisor,
  { dom, cmd, flags, descriptor }: Command,
  { signal }: CallContext,
): Promise<string> {
  checkFlags(flags, QEMU_MONITOR_COMMAND_FLAG.HMP, "qemuDomainQemuMonitorCommandWithFiles");
  const job = { kind: "query", api: "domainQemuMonitorCommand", signal } as const;
  return withGuest(hypervisor, dom, job, async (guest, domain) => {
    await taint(hypervisor, domain, guest, "custom-monitor");
    if (descriptor !== undefined) await guest.passDescriptor(descriptor);
    return (flags & QEMU_MONITOR_COMMAND_FLAG.HMP) !== 0 ? humanCommand(guest, cmd) : jsonCommand(guest, cmd);
  });
}

async function humanCommand(guest: Guest, cmd: string): Promise<string> {
  try {
    const said = await guest.qmp("human-monitor-command", { "command-line": cmd }, PATIENCE);
    return typeof said === "string" ? said : "";
  } catch (error) {
    if (!(error instanceof QmpError) || error.qmpClass !== "CommandNotFound") throw error;
    throw qemuError("OPERATION_UNSUPPORTED", `Human monitor command is not available to run ${cmd}`);
  }
}

/** The emulator's own errors are answers, too. */
async function jsonCommand(guest: Guest, cmd: string): Promise<string> {
  const request = requestOf(cmd);
  return compactJson(await guest.converse(request, PATIENCE));
}

/** The command in compact JSON. Throws in libvirt's words for what cannot be a command. */
function requestOf(cmd: string): string {
  let parsed: Json;
  try {
    parsed = parseLine(cmd);
  } catch (error) {
    throw qemuError("INTERNAL_ERROR", `cannot parse json ${cmd}: ${(error as Error).message}`);
  }
  if (!isObject(parsed) || parsed.id !== undefined)
    throw qemuError("INTERNAL_ERROR", "Unable to append command 'id' string", {
      hint: 'a command is an object without an id, such as { "execute": "query-status" }',
    });
  return compactJson(cmd);
}

const AGENT_CHANNEL = "org.qemu.guest_agent.0";

/** No connection to agents is kept, so theirs always counts as not there. */
function agentCommand(hypervisor: Hypervisor, dom: Domain, flags: number): never {
  checkFlags(flags, 0, "qemuDomainQemuAgentCommand");
  const domain = hypervisor.domains.find(dom);
  const { channels } = domain.active().config.devices;
  if (domain.status.state !== DOMAIN_STATE.RUNNING) throw qemuError("OPERATION_INVALID", "domain is not running");
  if (channels.some(({ target }) => target.type === "virtio" && target.name === AGENT_CHANNEL))
    throw qemuError("AGENT_UNRESPONSIVE", "QEMU guest agent is not connected", {
      hint: "this version does not talk with agents in guests",
    });
  throw qemuError("ARGUMENT_UNSUPPORTED", "QEMU guest agent is not configured", {
    hint: `give the domain a virtio channel named ${AGENT_CHANNEL}`,
  });
}
