import {
  DOMAIN_STATE,
  type Domain,
  type DomainGuestHandlers,
  type DomainTuningHandlers,
  type FileSystemInfo,
} from "@polyvisor/core";
import { expectAgent } from "./agent/expect-agent.js";
import { checkFlags, testError } from "./errors.js";
import { type Guest, MOUNT_POINTS } from "./guest.js";
import type { TestHypervisor } from "./hypervisor.js";

const SYNC = 1;
const ENCRYPTED = 1;

/** What a control interface is doing (`virDomainControlState`). */
const CONTROL = { OK: 0, JOB: 1, OCCUPIED: 2, ERROR: 3 } as const;
const ERROR_REASONS = 4;

/** What a guest's agent would tell and do. There is no guest: it is what libvirt's test driver makes up. */
export function guestAgentHandlers({ domains }: TestHypervisor): DomainGuestHandlers & DomainTuningHandlers {
  function activeDomain(dom: Domain) {
    const domain = domains.find(dom);
    domain.expectActive();
    return domain;
  }

  function withAgent(dom: Domain) {
    const domain = activeDomain(dom);
    expectAgent(domain);
    return domain;
  }

  return {
    domainGetHostname({ dom, flags }) {
      checkFlags(flags, 0, "testDomainGetHostname");
      return `${withAgent(dom).ref.name}host`;
    },

    domainGetTime({ dom, flags }) {
      checkFlags(flags, 0, "testDomainGetTime");
      const domain = domains.find(dom);
      if (domain.status.state !== DOMAIN_STATE.RUNNING) {
        throw testError("OPERATION_INVALID", "domain is not running", "start or resume the domain first");
      }
      expectAgent(domain);
      const { seconds, nanoseconds } = domain.guest.clock;
      return { seconds, nseconds: nanoseconds };
    },
    domainSetTime({ dom, seconds, nseconds, flags }) {
      checkFlags(flags, SYNC, "testDomainSetTime");
      withAgent(dom).guest.clock = { seconds, nanoseconds: nseconds };
    },

    domainGetControlInfo({ dom, flags }) {
      checkFlags(flags, 0, "testDomainGetControlInfo");
      return controlAt(Number(activeDomain(dom).guest.clock.seconds));
    },

    domainFSFreeze({ dom, mountpoints, flags }) {
      checkFlags(flags, 0, "testDomainFSFreeze");
      return freeze(withAgent(dom).guest, mountpoints, true);
    },
    domainFSThaw({ dom, mountpoints, flags }) {
      checkFlags(flags, 0, "testDomainFSThaw");
      return freeze(withAgent(dom).guest, mountpoints, false);
    },
    domainFSTrim({ dom, mountPoint, flags }) {
      checkFlags(flags, 0, "testDomainFSTrim");
      withAgent(dom);
      if (mountPoint !== null) checkMountPoint(mountPoint);
    },

    domainGetFSInfo({ dom, flags }) {
      checkFlags(flags, 0, "testDomainGetFSInfo");
      const { disks } = withAgent(dom).config.devices;
      const disk = disks.find(({ device }) => device === "disk")?.target.dev;
      return disk === undefined ? [] : fileSystemsOn(disk);
    },

    domainSetUserPassword({ dom, flags }) {
      checkFlags(flags, ENCRYPTED, "testDomainSetUserPassword");
      withAgent(dom);
    },
  };
}

/** Whoever sets the guest's clock chooses the state of its control interface: the first minute has them all. */
function controlAt(milliseconds: number): { state: number; details: number; stateTime: number } {
  const state = (name: keyof typeof CONTROL, since: number, details = 0) => {
    return { state: CONTROL[name], details, stateTime: milliseconds - since };
  };
  if (milliseconds <= 0 || milliseconds >= 60_000) return { state: CONTROL.OK, details: 0, stateTime: 0 };
  if (milliseconds < 10_000) return state("JOB", 0);
  if (milliseconds < 30_000) return state("OCCUPIED", 10_000);
  return state("ERROR", 30_000, milliseconds % ERROR_REASONS);
}

/** How many mount points changed. */
function freeze({ frozen }: Guest, asked: readonly string[], on: boolean): number {
  for (const point of asked) checkMountPoint(point);
  const before = frozen.size;
  for (const point of asked.length === 0 ? MOUNT_POINTS : asked) {
    if (on) frozen.add(point);
    else frozen.delete(point);
  }
  return Math.abs(frozen.size - before);
}

function checkMountPoint(point: string): void {
  if ((MOUNT_POINTS as readonly string[]).includes(point)) return;
  throw testError("OPERATION_INVALID", `mount point not found: ${point}`, `there are ${MOUNT_POINTS.join(" and ")}`);
}

function fileSystemsOn(disk: string): FileSystemInfo[] {
  return MOUNT_POINTS.map((mountpoint, index) => ({
    mountpoint,
    name: `${disk}${index + 1}`,
    fstype: "ext4",
    devAliases: [disk],
  }));
}
