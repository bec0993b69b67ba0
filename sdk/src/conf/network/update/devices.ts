import { attribute } from "../../../xml/index.js";
import type { Network, PortGroup } from "../model.js";
import { netError } from "../parse/context.js";
import { parsePortGroup } from "../parse/portgroup.js";
import {
  cannotModify,
  expectElement,
  invalid,
  isAdd,
  NetworkUpdateCommand,
  type SectionUpdate,
  unknownCommand,
  withAdded,
  withoutAt,
  withReplaced,
} from "./list.js";

export function updateForwardInterface(update: SectionUpdate): Network {
  const { network, command, element } = update;
  const { forward } = network;
  expectElement(update, "interface");
  if (command === NetworkUpdateCommand.modify) throw cannotModify(element, "forward interface entries");
  const dev = attribute(element, "dev");
  if (dev === undefined) {
    throw netError(element, "XML_ERROR", "missing dev attribute in <interface> element", "Add dev='...'.");
  }
  const list = forward?.interfaces ?? [];
  const found = list.findIndex((each) => each.type === "netdev" && each.dev === dev);
  if (isAdd(command)) {
    if (forward === undefined) {
      const detail = `can't update 'forward interface' section of network '${network.name}'`;
      throw netError(element, "OPERATION_UNSUPPORTED", detail, "An isolated network has no <forward>.");
    }
    if (found >= 0) {
      const detail = `there is an existing interface entry in network '${network.name}' that matches "<interface dev='${dev}'>"`;
      throw invalid(element, detail, "The interface is there already.");
    }
    return { ...network, forward: { ...forward, interfaces: withAdded(list, { type: "netdev", dev }, command) } };
  }
  if (command !== NetworkUpdateCommand.delete) throw unknownCommand(command);
  const connections = list[found]?.connections ?? 0;
  if (forward === undefined || found < 0) {
    const detail = `couldn't find an interface entry in network '${network.name}' matching <interface dev='${dev}'>`;
    throw invalid(element, detail, "See net-dumpxml for the interfaces.");
  }
  if (connections > 0) {
    const detail = `unable to delete interface '${dev}' in network '${network.name}'. It is currently being used  by ${connections} domains.`;
    throw invalid(element, detail, "Stop the domains first.");
  }
  return { ...network, forward: { ...forward, interfaces: withoutAt(list, found) } };
}

export function updatePortGroup(update: SectionUpdate): Network {
  const { network, command, element } = update;
  expectElement(update, "portgroup");
  const group = parsePortGroup(element);
  const { portgroups } = network;
  const found = portgroups.findLastIndex((each) => each.name === group.name);
  const needed = command === NetworkUpdateCommand.modify || command === NetworkUpdateCommand.delete;
  if (found < 0 && needed) {
    const detail = `couldn't find a portgroup entry in network '${network.name}' matching <portgroup name='${group.name}'>`;
    throw invalid(element, detail, "See net-dumpxml for the port groups.");
  }
  if (found >= 0 && isAdd(command)) {
    const detail = `there is an existing portgroup entry in network '${network.name}' that matches "<portgroup name='${group.name}'>"`;
    throw invalid(element, detail, "Modify the existing port group.");
  }
  checkDefault(update, group, found);
  if (command === NetworkUpdateCommand.modify) {
    return { ...network, portgroups: withReplaced(portgroups, found, group) };
  }
  if (isAdd(command)) return { ...network, portgroups: withAdded(portgroups, group, command) };
  if (command !== NetworkUpdateCommand.delete) throw unknownCommand(command);
  return { ...network, portgroups: withoutAt(portgroups, found) };
}

function checkDefault({ network, command, element }: SectionUpdate, group: PortGroup, found: number): void {
  const current = network.portgroups.findLastIndex((each) => each.isDefault);
  if (command === NetworkUpdateCommand.delete || !group.isDefault || current < 0 || current === found) return;
  const detail = `a different portgroup entry in network '${network.name}' is already set as the default. Only one default is allowed.`;
  throw invalid(element, detail, "Modify the other port group first.");
}
