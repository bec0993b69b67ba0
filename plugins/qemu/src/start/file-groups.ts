import type { BackingStore, Domain as DomainConfig, StorageSource } from "@polyvisor/sdk/conf/domain";
import { duplicate } from "@polyvisor/sdk/process";
import type { Runtime } from "../command-line/runtime.js";
import type { QemuDomain } from "../domain.js";
import type { FileGroups } from "../file-groups.js";
import type { InheritedDescriptors } from "./inherited.js";

export type InheritedFileGroups = NonNullable<Runtime["fdGroups"]>;

/**
 * Lets the emulator inherit the files that clients have opened for the domain's images. Fails with `INVALID_ARG` where one
 * is not there: its client may have left meanwhile.
 */
export function inheritFileGroups(
  groups: FileGroups,
  domain: QemuDomain,
  config: DomainConfig,
  inherited: InheritedDescriptors,
): InheritedFileGroups {
  const entries = groupNames(config).map((name) => {
    const { descriptors, writable } = groups.find(domain, name);
    return [name, { fds: descriptors.map(({ fd }) => inherited.add(duplicate(fd).take())), writable }] as const;
  });
  return new Map(entries);
}

function groupNames({ devices }: DomainConfig): readonly string[] {
  const sources = devices.disks.flatMap(({ source, backingStore }) => [source, ...sourcesOf(backingStore)]);
  const names = sources.flatMap((source) =>
    source.type === "file" && source.fdgroup !== undefined ? [source.fdgroup] : [],
  );
  return [...new Set(names)];
}

function sourcesOf(store: BackingStore | undefined): readonly StorageSource[] {
  return store === undefined || store.kind === "end" ? [] : [store.source, ...sourcesOf(store.backingStore)];
}
