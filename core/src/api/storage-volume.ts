import { i8, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { storagePool, storageVol } from "./objects.js";
import { text } from "./types.js";

/** `VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM`, and the same of a download. */
const SPARSE_STREAM = 1;

/** Storage volumes. */
export const storageVolumeApi = defineApi({
  /** Makes a volume; bytes that are to be allocated are so when it answers. Fails with `STORAGE_VOL_EXIST`. */
  storageVolCreateXML: call(
    93,
    { pool: storagePool, xml: text, flags: u32 },
    { vol: storageVol },
    { acl: ["storage_vol:create"], shape: { returns: "vol" } },
  ),
  /** Removes a volume and its data. Fails with `OPERATION_INVALID` while it is being made or copied. */
  storageVolDelete: call(94, { vol: storageVol, flags: u32 }, {}, { acl: ["storage_vol:delete"] }),
  /** Finds a volume of a pool. Fails with `NO_STORAGE_VOL`. */
  storageVolLookupByName: call(
    95,
    { pool: storagePool, name: text },
    { vol: storageVol },
    { acl: ["storage_vol:getattr"], priority: "high", shape: { returns: "vol" } },
  ),
  /**
   * Finds a volume of any active pool; also called before each call that names one, so that permissions are checked on
   * what is there. Fails with `NO_STORAGE_VOL`.
   */
  storageVolLookupByKey: call(
    96,
    { key: text },
    { vol: storageVol },
    { acl: ["storage_vol:getattr"], priority: "high", shape: { returns: "vol" } },
  ),
  /** Finds the volume at a path. Fails with `NO_STORAGE_VOL`. */
  storageVolLookupByPath: call(
    97,
    { path: text },
    { vol: storageVol },
    { acl: ["storage_vol:getattr"], priority: "high", shape: { returns: "vol" } },
  ),
  /** Its type (`VIR_STORAGE_VOL_*`) and bytes: capacity, and allocated on the host. */
  storageVolGetInfo: call(
    98,
    { vol: storageVol },
    { type: i8, capacity: u64, allocation: u64 },
    { acl: ["storage_vol:read"], priority: "high" },
  ),
  /** The volume's document. */
  storageVolGetXMLDesc: call(
    99,
    { vol: storageVol, flags: u32 },
    { xml: text },
    { acl: ["storage_vol:read"], priority: "high", shape: { returns: "xml" } },
  ),
  /** Where a guest's disk finds it. */
  storageVolGetPath: call(
    100,
    { vol: storageVol },
    { name: text },
    { acl: ["storage_vol:read"], priority: "high", shape: { returns: "name" } },
  ),
  /** Makes a volume with the data of another one, which may be in another pool. Answers once it is copied. */
  storageVolCreateXMLFrom: call(
    125,
    { pool: storagePool, xml: text, clonevol: storageVol, flags: u32 },
    { vol: storageVol },
    { acl: ["storage_vol:create"], shape: { returns: "vol" } },
  ),
  /** Overwrites the data with zeros. */
  storageVolWipe: call(165, { vol: storageVol, flags: u32 }, {}, { acl: ["storage_vol:format"] }),
  /** Writes what comes by the stream, from `offset` on; `length` 0 has no limit. */
  storageVolUpload: call(
    208,
    { vol: storageVol, offset: u64, length: u64, flags: u32 },
    {},
    { acl: ["storage_vol:data_write"], stream: "write", sparseFlag: SPARSE_STREAM },
  ),
  /** Gives the data by the stream, from `offset` on; `length` 0 means to the end. */
  storageVolDownload: call(
    209,
    { vol: storageVol, offset: u64, length: u64, flags: u32 },
    {},
    { acl: ["storage_vol:data_read"], stream: "read", sparseFlag: SPARSE_STREAM },
  ),
  /** Overwrites the data by a method (`VIR_STORAGE_VOL_WIPE_ALG_*`). */
  storageVolWipePattern: call(
    259,
    { vol: storageVol, algorithm: u32, flags: u32 },
    {},
    { acl: ["storage_vol:format"] },
  ),
  /**
   * Gives a volume so many bytes, or with a flag so many more. Fails with `INVALID_ARG` where it would shrink without
   * being asked to, with `OPERATION_FAILED` where the pool has no room.
   */
  storageVolResize: call(260, { vol: storageVol, capacity: u64, flags: u32 }, {}, { acl: ["storage_vol:resize"] }),
  /** As `storageVolGetInfo`; a flag asks for the bytes of the file in the place of those allocated. */
  storageVolGetInfoFlags: call(
    378,
    { vol: storageVol, flags: u32 },
    { type: i8, capacity: u64, allocation: u64 },
    { acl: ["storage_vol:read"], priority: "high" },
  ),
});

export interface StorageVolumeHandlers extends HandlersOf<typeof storageVolumeApi> {}
