import type { BackingStore, StorageSource } from "@polyvisor/sdk/conf";

/** The images below a disk's own, from the top. */
export function sourcesBelow(store: BackingStore | undefined): StorageSource[] {
  return store?.kind === "image" ? [store.source, ...sourcesBelow(store.backingStore)] : [];
}
