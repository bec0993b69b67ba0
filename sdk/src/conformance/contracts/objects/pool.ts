import { LIST_STORAGE_POOLS_FLAG, STORAGE_POOL_EVENT } from "@polyvisor/core";
import type { Definable } from "./definable.js";

/** Where pools of the kit have their folders, on the host of the driver. */
const FOLDER = "/tmp";

export const pools: Definable = {
  what: "pool",
  missing: "NO_STORAGE_POOL",
  names: {
    define: "storagePoolDefineXML",
    createXML: "storagePoolCreateXML",
    create: "storagePoolCreate",
    destroy: "storagePoolDestroy",
    undefine: "storagePoolUndefine",
    byName: "storagePoolLookupByName",
    byUuid: "storagePoolLookupByUUID",
    list: "connectListAllStoragePools",
    activeNames: "connectListStoragePools",
    definedNames: "connectListDefinedStoragePools",
    isActive: "storagePoolIsActive",
    isPersistent: "storagePoolIsPersistent",
    getXMLDesc: "storagePoolGetXMLDesc",
    getAutostart: "storagePoolGetAutostart",
    setAutostart: "storagePoolSetAutostart",
  },
  events: {
    registration: "connectStoragePoolEventRegisterAny",
    kind: "storagePoolLifecycle",
    numbers: STORAGE_POOL_EVENT,
  },
  filters: LIST_STORAGE_POOLS_FLAG,
  calls: ({ api }) => ({
    define: (xml) => api.storagePoolDefineXML({ xml, flags: 0 }),
    createXML: (xml) => api.storagePoolCreateXML({ xml, flags: 0 }),
    create: (pool) => api.storagePoolCreate({ pool, flags: 0 }),
    destroy: (pool) => api.storagePoolDestroy({ pool }),
    undefine: (pool) => api.storagePoolUndefine({ pool }),
    byName: (name) => api.storagePoolLookupByName({ name }),
    byUuid: (uuid) => api.storagePoolLookupByUUID({ uuid }),
    list: (flags) => api.connectListAllStoragePools({ flags }),
    activeNames: () => api.connectListStoragePools({}),
    definedNames: () => api.connectListDefinedStoragePools({}),
    isActive: (pool) => api.storagePoolIsActive({ pool }),
    isPersistent: (pool) => api.storagePoolIsPersistent({ pool }),
    getXMLDesc: (pool) => api.storagePoolGetXMLDesc({ pool, flags: 0 }),
    getAutostart: (pool) => api.storagePoolGetAutostart({ pool }),
    setAutostart: (pool, autostart) => api.storagePoolSetAutostart({ pool, autostart }),
  }),
  document: ({ name, uuid }) =>
    `<pool type='dir'><name>${name}</name><uuid>${uuid}</uuid>` +
    `<target><path>${FOLDER}/${name}</path></target></pool>`,
  async prepare({ api }, pool) {
    await api.storagePoolBuild({ pool, flags: 0 });
  },
  async dismantle({ api }, pool) {
    await api.storagePoolDelete({ pool, flags: 0 });
  },
};
