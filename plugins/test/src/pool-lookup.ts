import type { ObjectRegistry } from "@polyvisor/sdk/store";
import { testError } from "./errors.js";
import type { TestPool } from "./test-pool.js";

/** A pool for a call that needs it to run. */
export function activePool(pools: ObjectRegistry<TestPool>, name: string): TestPool {
  const pool = pools.lookupByName(name);
  if (pool.isActive) return pool;
  throw testError("OPERATION_INVALID", `storage pool '${name}' is not active`, "start it with `pool-start`");
}

/** A pool for a call that needs it to be off. */
export function inactivePool(pools: ObjectRegistry<TestPool>, name: string): TestPool {
  const pool = pools.lookupByName(name);
  if (!pool.isActive) return pool;
  throw testError("OPERATION_INVALID", `storage pool '${name}' is active`, "stop it with `pool-destroy` first");
}
