import type { Devices, Disk, Domain as DomainConfig, Interface } from "@polyvisor/sdk/conf";

/** What statistics are told of: the part of a configuration that is small enough to be kept of every domain. */
export interface Measured extends Pick<DomainConfig, "memory" | "currentMemory"> {
  readonly vcpu: Pick<DomainConfig["vcpu"], "current" | "max">;
  readonly devices: Pick<Devices, "memballoon"> & {
    readonly disks: readonly MeasuredDisk[];
    readonly interfaces: readonly Pick<Interface, "target">[];
  };
}

export interface MeasuredDisk extends Pick<Disk, "source" | "alias" | "backingStore"> {
  readonly target: Pick<Disk["target"], "dev">;
}

/** That part of a configuration as a value of its own: nothing in it holds on to the document that it was read from. */
export function measuredPart({ memory, currentMemory, vcpu, devices }: DomainConfig): Measured {
  const part: Measured = {
    memory,
    currentMemory,
    vcpu: { current: vcpu.current, max: vcpu.max },
    devices: {
      memballoon: devices.memballoon,
      disks: devices.disks.map(({ target, source, alias, backingStore }) => ({
        target: { dev: target.dev },
        source,
        alias,
        backingStore,
      })),
      interfaces: devices.interfaces.map(({ target }) => ({ target })),
    },
  };
  // strings cut out of a text keep the text alive; those that are made anew do not
  return JSON.parse(JSON.stringify(part)) as Measured;
}
