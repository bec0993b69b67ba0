import { type Domain, type DomainBlockHandlers, type TypedParam, VirtError } from "@polyvisor/core";
import type { Disk } from "@polyvisor/sdk/conf";
import { attribute, child, parseXml } from "@polyvisor/sdk/xml";
import { diskNamed } from "../disk-lookup.js";
import type { TestDomain } from "../domain.js";
import { checkFlags, testError } from "../errors.js";
import type { TestHypervisor } from "../hypervisor.js";
import { courseOf, type Operation } from "../simulation/behaviour.js";
import { BLOCK_JOB, type BlockJob, type BlockJobType, isMirror } from "./block-desk.js";

const REBASE = { SHALLOW: 1, REUSE_EXT: 2, COPY_RAW: 4, COPY: 8, RELATIVE: 16, COPY_DEV: 32, BYTES: 64 } as const;
const COMMIT = { SHALLOW: 1, DELETE: 2, ACTIVE: 4, RELATIVE: 8, BYTES: 16 } as const;
const COPY = { SHALLOW: 1, REUSE_EXT: 2, TRANSIENT_JOB: 4, SYNCHRONOUS_WRITES: 8 } as const;
const ABORT = { ASYNC: 1, PIVOT: 2 } as const;
const BYTES = { PULL: 64, SPEED: 1, INFO: 1 } as const;
const MIB = 1048576n;
/** A disk's made-up size, in bytes. */
const DISK_SIZE = 1024 ** 3;

const OPERATION: Readonly<Record<BlockJobType, Operation>> = {
  [BLOCK_JOB.PULL]: "block-pull",
  [BLOCK_JOB.COPY]: "block-copy",
  [BLOCK_JOB.COMMIT]: "block-commit",
  [BLOCK_JOB.ACTIVE_COMMIT]: "block-commit",
};

/** Jobs of disks that take their time. There are no disks: nothing is copied, but a copy that is pivoted to is the disk. */
export function blockJobHandlers({ domains, blockJobs }: TestHypervisor): DomainBlockHandlers {
  function find(dom: Domain, path: string): { domain: TestDomain; disk: Disk } {
    const domain = domains.find(dom);
    domain.expectActive();
    const disk = diskNamed(domain.config, path, false);
    if (disk !== undefined) return { domain, disk };
    throw testError("INVALID_ARG", `disk '${path}' not found in domain`, "`domblklist` shows the disks that are here");
  }

  function jobOf(dom: Domain, path: string): { domain: TestDomain; disk: Disk; job: BlockJob } {
    const found = find(dom, path);
    const job = blockJobs.find(found.domain, found.disk);
    if (job !== undefined) return { ...found, job };
    const { dev } = found.disk.target;
    throw testError("INVALID_ARG", `disk ${dev} does not have an active block job`, "`blockjob` shows what runs");
  }

  function start(dom: Domain, path: string, type: BlockJobType, bandwidth: bigint, to?: Disk["source"]): void {
    const { domain, disk } = find(dom, path);
    const course = courseOf(domain.config, OPERATION[type]);
    blockJobs.start(domain, disk, course, { type, bandwidth, destination: to });
  }

  return {
    domainBlockPull({ dom, path, bandwidth, flags }) {
      checkFlags(flags, BYTES.PULL, "testDomainBlockPull");
      start(dom, path, BLOCK_JOB.PULL, bytes(bandwidth, flags & BYTES.PULL));
    },

    domainBlockRebase({ dom, path, base, bandwidth, flags }) {
      checkFlags(flags, anyOf(REBASE), "testDomainBlockRebase");
      const speed = bytes(bandwidth, flags & REBASE.BYTES);
      if ((flags & REBASE.COPY) === 0) start(dom, path, BLOCK_JOB.PULL, speed);
      else start(dom, path, BLOCK_JOB.COPY, speed, destinationAt(base ?? "", (flags & REBASE.COPY_DEV) !== 0));
    },

    domainBlockCommit({ dom, disk, top, bandwidth, flags }) {
      checkFlags(flags, anyOf(COMMIT), "testDomainBlockCommit");
      const speed = bytes(bandwidth, flags & COMMIT.BYTES);
      const active = (flags & COMMIT.ACTIVE) !== 0;
      if (top === null && !active) {
        const { disk: found } = find(dom, disk);
        const detail = `commit of '${found.target.dev}' active layer requires active flag`;
        throw testError("INVALID_ARG", detail, "add --active");
      }
      start(dom, disk, top === null ? BLOCK_JOB.ACTIVE_COMMIT : BLOCK_JOB.COMMIT, speed);
    },

    domainBlockCopy({ dom, path, destxml, params, flags }) {
      checkFlags(flags, anyOf(COPY), "testDomainBlockCopy");
      start(dom, path, BLOCK_JOB.COPY, speedIn(params), destinationOf(destxml));
    },

    domainBlockJobAbort({ dom, path, flags }) {
      checkFlags(flags, ABORT.ASYNC | ABORT.PIVOT, "testDomainBlockJobAbort");
      const { domain, disk, job } = jobOf(dom, path);
      const pivot = (flags & ABORT.PIVOT) !== 0;
      if (pivot) pivotTo(domain, disk, job);
      blockJobs.abort(domain, job, pivot);
    },

    domainBlockJobSetSpeed({ dom, path, bandwidth, flags }) {
      checkFlags(flags, BYTES.SPEED, "testDomainBlockJobSetSpeed");
      jobOf(dom, path).job.bandwidth = bytes(bandwidth, flags);
    },

    domainGetBlockJobInfo({ dom, path, flags }) {
      checkFlags(flags, BYTES.INFO, "testDomainGetBlockJobInfo");
      const { domain, disk } = find(dom, path);
      const job = blockJobs.find(domain, disk);
      if (job === undefined) return { found: 0, type: 0, bandwidth: 0, cur: 0, end: 0 };
      const { type, bandwidth, work, ready } = job;
      return {
        found: 1,
        type,
        bandwidth: flags === 0 ? bandwidth / MIB : bandwidth,
        cur: Math.floor(DISK_SIZE * (ready ? 1 : Math.min(work.fraction, 0.999))),
        end: DISK_SIZE,
      };
    },
  };
}

/** The disk lies on its copy from now on. Throws where it has none that is ready. */
function pivotTo(domain: TestDomain, disk: Disk, job: BlockJob): void {
  const { dev } = disk.target;
  if (!isMirror(job)) {
    throw testError("OPERATION_INVALID", `pivot of disk '${dev}' requires an active copy job`, "leave --pivot out");
  }
  if (!job.ready)
    throw testError("BLOCK_COPY_ACTIVE", `disk '${dev}' not ready for pivot yet`, "`blockjob` tells when");
  const { destination } = job;
  if (destination === undefined) return;
  const disks = domain.config.devices.disks.map((each) =>
    each.target.dev === dev ? { ...each, source: destination } : each,
  );
  domain.configure("live", { ...domain.config, devices: { ...domain.config.devices, disks } });
}

function anyOf(flags: Readonly<Record<string, number>>): number {
  return Object.values(flags).reduce((all, flag) => all | flag, 0);
}

/** Bytes a second. Without the flag, clients count in MiB. */
function bytes(bandwidth: bigint, isBytes: number): bigint {
  return isBytes === 0 ? bandwidth * MIB : bandwidth;
}

function speedIn(params: readonly TypedParam[]): bigint {
  const found = params.find(({ field }) => field === "bandwidth");
  return typeof found?.value === "bigint" || typeof found?.value === "number" ? BigInt(found.value) : 0n;
}

function destinationAt(path: string, isDevice: boolean): Disk["source"] {
  return { type: isDevice ? "block" : "file", path };
}

/** What a copy goes to: a file or a device, as `<disk>` says it. */
function destinationOf(xml: string): Disk["source"] {
  const root = parseXml(xml, { documentName: "(disk_definition)", errorDomain: "DOMAIN" });
  const type = attribute(root, "type") ?? "file";
  const source = child(root, "source");
  const path = source && attribute(source, type === "block" ? "dev" : "file");
  if (root.name === "disk" && path !== undefined && (type === "file" || type === "block")) {
    return destinationAt(path, type === "block");
  }
  throw new VirtError("CONFIG_UNSUPPORTED", "a copy goes to a file or a block device here", {
    domain: "TEST",
    hint: "write <disk type='file'><source file='/path'/></disk>",
  });
}
