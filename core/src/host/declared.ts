import type { Call } from "../api/define.js";
import { type HypervisorCallName, hypervisorApi } from "../api/programs.js";
import type { HypervisorConnection } from "../contracts/index.js";
import { ownConnections } from "./compose.js";
import { handlerOf } from "./invoke.js";

/**
 * The registrations that sessions answer, what of a driver makes them possible, and a call that such a driver has: events
 * about networks are those of a driver that has networks.
 */
const REGISTRATIONS: readonly (readonly [
  call: HypervisorCallName,
  source: "events" | "monitorEvents" | "objectEvents",
  beside?: HypervisorCallName,
])[] = [
  ["connectDomainEventCallbackRegisterAny", "events"],
  ["connectDomainQemuMonitorEventRegister", "monitorEvents"],
  ["connectNetworkEventRegisterAny", "objectEvents", "connectListAllNetworks"],
  ["connectStoragePoolEventRegisterAny", "objectEvents", "connectListAllStoragePools"],
  ["connectNodeDeviceEventRegisterAny", "objectEvents", "connectListAllNodeDevices"],
  ["connectSecretEventRegisterAny", "objectEvents", "connectListAllSecrets"],
];

/**
 * The calls that a connection's driver claims to implement: those that it has a handler of, and the registrations for the
 * events that it has. Every other call answers `NO_SUPPORT`, or is answered by another driver of this host.
 */
export function declaredCalls(connection: HypervisorConnection): string[] {
  return ownConnections(connection).flatMap((own) => declaredBy(own as HypervisorConnection));
}

function declaredBy(own: HypervisorConnection): string[] {
  const has = (name: HypervisorCallName) => handlerOf(own, name) !== undefined;
  const calls = Object.entries(hypervisorApi as Readonly<Record<string, Call>>)
    .filter(([name, { by }]) => by === "driver" && has(name as HypervisorCallName))
    .map(([name]) => name);
  const registrations = REGISTRATIONS.filter(
    ([, source, call]) => own[source] !== undefined && (call === undefined || has(call)),
  );
  return [...calls, ...registrations.map(([name]) => name)];
}
