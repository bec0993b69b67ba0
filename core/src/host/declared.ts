import type { Call } from "../api/define.js";
import { type HypervisorCallName, hypervisorApi } from "../api/programs.js";
import type { HypervisorConnection } from "../contracts/index.js";
import { handlerOf } from "./invoke.js";

/** The registrations that sessions answer, and what of a driver makes them possible. */
const REGISTRATIONS: readonly (readonly [HypervisorCallName, keyof HypervisorConnection])[] = [
  ["connectDomainEventCallbackRegisterAny", "events"],
  ["connectDomainQemuMonitorEventRegister", "monitorEvents"],
  ["connectNetworkEventRegisterAny", "objectEvents"],
  ["connectStoragePoolEventRegisterAny", "objectEvents"],
  ["connectNodeDeviceEventRegisterAny", "objectEvents"],
  ["connectSecretEventRegisterAny", "objectEvents"],
];

/**
 * The calls that a connection's driver claims to implement: those that it has a handler of, and the registrations for the
 * events that it has. Every other call answers `NO_SUPPORT`.
 */
export function declaredCalls(connection: HypervisorConnection): string[] {
  const calls = Object.entries(hypervisorApi as Readonly<Record<string, Call>>)
    .filter(([name, { by }]) => by === "driver" && handlerOf(connection, name as HypervisorCallName) !== undefined)
    .map(([name]) => name);
  return [...calls, ...REGISTRATIONS.flatMap(([name, source]) => (connection[source] === undefined ? [] : [name]))];
}
