import {
  DEFINE_FLAG,
  type InterfaceHandlers,
  LIST_INTERFACES_FLAG as LIST,
  type NetworkInterface,
} from "@polyvisor/core";
import {
  formatHostInterface,
  type HostInterface,
  parseHostInterface,
  readHostInterface,
} from "@polyvisor/sdk/conf/interface";
import { parseValidXml } from "@polyvisor/sdk/schema";
import { flagsOf, type ListFilters, selectBy } from "@polyvisor/sdk/store";
import { checkFlags, testError } from "./errors.js";
import type { TestHost } from "./test-host.js";
import { refTo, type TestInterface } from "./test-interfaces.js";

const FILTERS: ListFilters<TestInterface> = [
  [
    [LIST.ACTIVE, ({ active }) => active],
    [LIST.INACTIVE, ({ active }) => !active],
  ],
];

/** The host's network interfaces, and changes of them that can be taken back. */
export function interfaceHandlers({ interfaces }: TestHost): InterfaceHandlers {
  const up = () => [...interfaces].filter(({ active }) => active);
  const down = () => [...interfaces].filter(({ active }) => !active);
  const define = (config: HostInterface): NetworkInterface => refTo(interfaces.define(config));

  function turn(name: string, active: boolean): void {
    const found = interfaces.find(name);
    if (found.active === active) {
      throw testError("OPERATION_INVALID", "", `the interface is ${active ? "up" : "down"} already`);
    }
    found.active = active;
  }

  return {
    connectNumOfInterfaces: () => up().length,
    connectListInterfaces: () => up().map(({ config }) => config.name),
    connectNumOfDefinedInterfaces: () => down().length,
    connectListDefinedInterfaces: () => down().map(({ config }) => config.name),
    connectListAllInterfaces({ flags }) {
      checkFlags(flags, flagsOf(FILTERS), "testConnectListAllInterfaces");
      return selectBy(interfaces, FILTERS, flags).map(refTo);
    },

    interfaceLookupByName: ({ name }) => refTo(interfaces.find(name)),
    interfaceLookupByMACString: ({ mac }) => ({ ...refTo(interfaces.findByMac(mac)), mac }),
    interfaceIsActive: ({ iface }) => interfaces.find(iface.name).active,

    interfaceChangeBegin({ flags }) {
      checkFlags(flags, 0, "testInterfaceChangeBegin");
      interfaces.begin();
    },
    interfaceChangeCommit({ flags }) {
      checkFlags(flags, 0, "testInterfaceChangeCommit");
      interfaces.commit();
    },
    interfaceChangeRollback({ flags }) {
      checkFlags(flags, 0, "testInterfaceChangeRollback");
      interfaces.rollback();
    },

    interfaceGetXMLDesc({ iface, flags }) {
      checkFlags(flags, 0, "testInterfaceGetXMLDesc");
      return formatHostInterface(interfaces.find(iface.name).config);
    },
    interfaceDefineXML({ xml, flags }) {
      checkFlags(flags, DEFINE_FLAG.VALIDATE, "testInterfaceDefineXML");
      return flags === 0 ? define(parseHostInterface(xml)) : readValid(xml).then(define);
    },
    interfaceUndefine: ({ iface }) => interfaces.remove(iface.name),
    interfaceCreate({ iface, flags }) {
      checkFlags(flags, 0, "testInterfaceCreate");
      turn(iface.name, true);
    },
    interfaceDestroy({ iface, flags }) {
      checkFlags(flags, 0, "testInterfaceDestroy");
      turn(iface.name, false);
    },
  };
}

async function readValid(xml: string): Promise<HostInterface> {
  return readHostInterface(await parseValidXml(xml, "interface", { explain: readHostInterface }));
}
