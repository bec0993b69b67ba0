import type { MachineInfo } from "./info.js";

/** A snapshot of a machine, as VBoxManage lists it. */
export interface KnownSnapshot {
  readonly name: string;
  readonly uuid: string;
  readonly description: string | undefined;
  /** The name of the one below; `undefined` for the first. */
  readonly parent: string | undefined;
  readonly isCurrent: boolean;
}

/** A snapshot `SnapshotName-1-2` is the second child of the first child of the first one. */
export function readSnapshots(info: MachineInfo): KnownSnapshot[] {
  const current = info.text("CurrentSnapshotUUID");
  return [...info.matching(/^SnapshotName((?:-\d+)*)$/)].map(({ match, value }) => {
    const path = match[1] ?? "";
    const above = path === "" ? undefined : path.slice(0, path.lastIndexOf("-"));
    const uuid = info.text(`SnapshotUUID${path}`) ?? "";
    return {
      name: value,
      uuid,
      description: info.text(`SnapshotDescription${path}`),
      parent: above === undefined ? undefined : info.text(`SnapshotName${above}`),
      isCurrent: uuid !== "" && uuid === current,
    };
  });
}
