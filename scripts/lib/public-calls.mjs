// The calls of the API table by the names that libvirt's public API has for them, and who declares which.
import { handlerOf, hypervisorApi, publicName } from "@polyvisor/core";

/** Calls between a client's library and a daemon, which no program makes by that name; and the halves of a migration. */
const PRIVATE = /^(auth[A-Z]|connect(SupportsFeature|GetURI)$|domainMigrate(Prepare|Begin|Perform|Finish|Confirm))/;

/** What goes over the wire by another name, because it came to be done in another way. */
const RENAMED = {
  connectDomainEventCallbackRegisterAny: "virConnectDomainEventRegisterAny",
  connectDomainEventCallbackDeregisterAny: "virConnectDomainEventDeregisterAny",
};

/** Of any connection: the library makes calls above of them, or answers from what it knows of the connection. */
const OF_ANY = [
  "virConnectIsAlive",
  "virConnectIsEncrypted",
  "virConnectOpenAuth",
  "virConnectOpenReadOnly",
  "virConnectSetKeepAlive",
];

/** The public name of a call of the table; `undefined` where it has none. */
export function publicCall(name) {
  if (PRIVATE.test(name)) return undefined;
  const known = RENAMED[name] ?? publicName(name);
  return known.startsWith("vir") ? known : undefined;
}

const ALL = Object.entries(hypervisorApi);

/** The session's registrations, and what of a driver makes them possible. */
const NEEDS = {
  connectDomainEvent: (driver) => driver.events,
  connectDomainQemuMonitorEvent: (driver) => driver.monitorEvents,
  connectNetworkEvent: (driver) => driver.objectEvents && driver.connectListAllNetworks,
  connectStoragePoolEvent: (driver) => driver.objectEvents && driver.connectListAllStoragePools,
  connectNodeDeviceEvent: (driver) => driver.objectEvents && driver.connectListAllNodeDevices,
  connectSecretEvent: (driver) => driver.objectEvents && driver.connectListAllSecrets,
};

/** The public calls that an open connection of a driver has an answer for, by what it implements. */
export function declaredBy(driver) {
  const has = ([name, call]) => {
    if (call.by === "driver") return handlerOf(driver, name) !== undefined;
    const [, needed] = Object.entries(NEEDS).find(([start]) => name.startsWith(start)) ?? [];
    return needed === undefined || needed(driver) !== undefined;
  };
  return sorted([...ALL.filter(has).map(([name]) => publicCall(name)), ...withoutProcedure(driver.domainCreateXML)]);
}

/** The same of a driver that forwards every call. */
export function declaredByForwarding() {
  return sorted([...ALL.map(([name]) => publicCall(name)), ...withoutProcedure(true)]);
}

function withoutProcedure(domainCreateXML) {
  return [...OF_ANY, ...(domainCreateXML === undefined ? [] : ["virDomainCreateLinux"])];
}

export function sorted(names) {
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}
