import { LIST_NETWORKS_FLAG, NETWORK_EVENT } from "@polyvisor/core";
import type { Definable } from "./definable.js";

export const networks: Definable = {
  what: "network",
  missing: "NO_NETWORK",
  names: {
    define: "networkDefineXML",
    createXML: "networkCreateXML",
    create: "networkCreate",
    destroy: "networkDestroy",
    undefine: "networkUndefine",
    byName: "networkLookupByName",
    byUuid: "networkLookupByUUID",
    list: "connectListAllNetworks",
    activeNames: "connectListNetworks",
    definedNames: "connectListDefinedNetworks",
    isActive: "networkIsActive",
    isPersistent: "networkIsPersistent",
    getXMLDesc: "networkGetXMLDesc",
    getAutostart: "networkGetAutostart",
    setAutostart: "networkSetAutostart",
  },
  events: { registration: "connectNetworkEventRegisterAny", kind: "networkLifecycle", numbers: NETWORK_EVENT },
  filters: LIST_NETWORKS_FLAG,
  calls: ({ api }) => ({
    define: (xml) => api.networkDefineXML({ xml }),
    createXML: (xml) => api.networkCreateXML({ xml }),
    create: (net) => api.networkCreate({ net }),
    destroy: (net) => api.networkDestroy({ net }),
    undefine: (net) => api.networkUndefine({ net }),
    byName: (name) => api.networkLookupByName({ name }),
    byUuid: (uuid) => api.networkLookupByUUID({ uuid }),
    list: (flags) => api.connectListAllNetworks({ flags }),
    activeNames: () => api.connectListNetworks({}),
    definedNames: () => api.connectListDefinedNetworks({}),
    isActive: (net) => api.networkIsActive({ net }),
    isPersistent: (net) => api.networkIsPersistent({ net }),
    getXMLDesc: (net) => api.networkGetXMLDesc({ net, flags: 0 }),
    getAutostart: (net) => api.networkGetAutostart({ net }),
    setAutostart: (net, autostart) => api.networkSetAutostart({ net, autostart }),
  }),
  // Nothing but a switch that leads nowhere: whoever makes networks at all can make it.
  document: ({ name, uuid }) =>
    `<network><name>${name}</name><uuid>${uuid}</uuid>` +
    `<bridge name='cf${name.slice(-10)}' stp='on' delay='0'/></network>`,
};
