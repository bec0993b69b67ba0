import { i8, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { storagePool, storageVol } from "./objects.js";
import { text } from "./types.js";

/** `VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM`, and the same of a download. */
const SPARSE_STREAM = 1;

/** Storage volumes. */
export const storageVolumeApi = defineApi({
  storageVolCreateXML: call(
    93,
    { pool: storagePool, xml: text, flags: u32 },
    { vol: storageVol },
    { acl: ["storage_vol:create"], shape: { returns: "vol" } },
  ),
  storageVolDelete: call(94, { vol: storageVol, flags: u32 }, {}, { acl: ["storage_vol:delete"] }),
  storageVolLookupByName: call(
    95,
    { pool: storagePool, name: text },
    { vol: storageVol },
    { acl: ["storage_vol:getattr"], priority: "high", shape: { returns: "vol" } },
  ),
  storageVolLookupByKey: call(
    96,
    { key: text },
    { vol: storageVol },
    { acl: ["storage_vol:getattr"], priority: "high", shape: { returns: "vol" } },
  ),
  storageVolLookupByPath: call(
    97,
    { path: text },
    { vol: storageVol },
    { acl: ["storage_vol:getattr"], priority: "high", shape: { returns: "vol" } },
  ),
  storageVolGetInfo: call(
    98,
    { vol: storageVol },
    { type: i8, capacity: u64, allocation: u64 },
    { acl: ["storage_vol:read"], priority: "high" },
  ),
  storageVolGetXMLDesc: call(
    99,
    { vol: storageVol, flags: u32 },
    { xml: text },
    { acl: ["storage_vol:read"], priority: "high", shape: { returns: "xml" } },
  ),
  storageVolGetPath: call(
    100,
    { vol: storageVol },
    { name: text },
    { acl: ["storage_vol:read"], priority: "high", shape: { returns: "name" } },
  ),
  storageVolCreateXMLFrom: call(
    125,
    { pool: storagePool, xml: text, clonevol: storageVol, flags: u32 },
    { vol: storageVol },
    { acl: ["storage_vol:create"], shape: { returns: "vol" } },
  ),
  storageVolWipe: call(165, { vol: storageVol, flags: u32 }, {}, { acl: ["storage_vol:format"] }),
  storageVolUpload: call(
    208,
    { vol: storageVol, offset: u64, length: u64, flags: u32 },
    {},
    { acl: ["storage_vol:data_write"], stream: "write", sparseFlag: SPARSE_STREAM },
  ),
  storageVolDownload: call(
    209,
    { vol: storageVol, offset: u64, length: u64, flags: u32 },
    {},
    { acl: ["storage_vol:data_read"], stream: "read", sparseFlag: SPARSE_STREAM },
  ),
  storageVolWipePattern: call(
    259,
    { vol: storageVol, algorithm: u32, flags: u32 },
    {},
    { acl: ["storage_vol:format"] },
  ),
  storageVolResize: call(260, { vol: storageVol, capacity: u64, flags: u32 }, {}, { acl: ["storage_vol:resize"] }),
  storageVolGetInfoFlags: call(
    378,
    { vol: storageVol, flags: u32 },
    { type: i8, capacity: u64, allocation: u64 },
    { acl: ["storage_vol:read"], priority: "high" },
  ),
});

export interface StorageVolumeHandlers extends HandlersOf<typeof storageVolumeApi> {}
