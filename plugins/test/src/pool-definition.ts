import {
  DEFINE_FLAG,
  STORAGE_POOL_EVENT,
  type StoragePoolHandlers,
  type StoragePool as StoragePoolReference,
  VirtError,
} from "@polyvisor/core";
import { parseStoragePool, readStoragePool, type StoragePool, shareStorage } from "@polyvisor/sdk/conf/storage-pool";
import { parseValidXml } from "@polyvisor/sdk/schema";
import { namesakeOf } from "./definable.js";
import { checkFlags } from "./errors.js";
import type { TestHost } from "./test-host.js";
import { TestPool } from "./test-pool.js";

/** How storage pools come to be. */
export function poolDefinitionHandlers({ pools, events, devices }: TestHost): StoragePoolHandlers {
  /** The pool that a configuration is about, if it is here; nobody else may have its storage. */
  function namesake(config: StoragePool): TestPool | undefined {
    const rival = [...pools].find((pool) => pool.ref.name !== config.name && shareStorage(pool.config, config));
    if (rival === undefined) return namesakeOf(pools, config, { what: "pool", from: "STORAGE" });
    const detail = `Storage source conflict with pool: '${rival.ref.name}'`;
    throw new VirtError("OPERATION_FAILED", detail, { domain: "STORAGE", hint: "use that pool, or another source" });
  }

  function add(config: StoragePool, persistent: boolean): TestPool {
    const pool = new TestPool(config, persistent);
    pools.add(pool);
    return pool;
  }

  function define(config: StoragePool): StoragePoolReference {
    const known = namesake(config);
    known?.define(config);
    const { ref } = known ?? add(config, true);
    events.emit({ kind: "storagePoolLifecycle", object: ref, event: STORAGE_POOL_EVENT.DEFINED, detail: 0 });
    return ref;
  }

  function create(config: StoragePool): StoragePoolReference {
    const known = namesake(config);
    if (known?.isActive) {
      const detail = `pool is already active as '${known.ref.name}'`;
      throw new VirtError("OPERATION_INVALID", detail, {
        domain: "STORAGE",
        hint: "stop it with `pool-destroy` first",
      });
    }
    if (config.type === "scsi" && config.source.adapter.type === "fc_host") devices.addPort(config.source.adapter);
    const pool = known ?? add(config, false);
    pool.start(config);
    events.emit({ kind: "storagePoolLifecycle", object: pool.ref, event: STORAGE_POOL_EVENT.STARTED, detail: 0 });
    return pool.ref;
  }

  return {
    storagePoolDefineXML({ xml, flags }) {
      checkFlags(flags, DEFINE_FLAG.VALIDATE, "testStoragePoolDefineXML");
      return flags === 0 ? define(parseStoragePool(xml)) : readValid(xml).then(define);
    },
    storagePoolCreateXML({ xml, flags }) {
      checkFlags(flags, 0, "testStoragePoolCreateXML");
      return create(parseStoragePool(xml));
    },
  };
}

async function readValid(xml: string): Promise<StoragePool> {
  return readStoragePool(await parseValidXml(xml, "storagePool", { explain: readStoragePool }));
}
