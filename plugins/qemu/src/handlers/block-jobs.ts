import type { Domain, DomainBlockHandlers, TypedParam } from "@polyvisor/core";
import type { Disk } from "@polyvisor/sdk/conf/domain";
import { attribute, child, parseXml } from "@polyvisor/sdk/xml";
import {
  abortJob,
  checkIdle,
  checkSupported,
  diskNamed,
  type JobPlace,
  jobPlace,
  kindsOf,
  type Layer,
  progressOf,
  setSpeed,
  startCommit,
  startCopy,
  startPull,
} from "../blockjobs/index.js";
import { checkFlags, qemuError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";

const REBASE = { SHALLOW: 1, REUSE_EXT: 2, COPY_RAW: 4, COPY: 8, RELATIVE: 16, COPY_DEV: 32, BYTES: 64 } as const;
const REBASE_FLAGS = 127;
const PULL_BYTES = 64;
const COMMIT = { SHALLOW: 1, DELETE: 2, ACTIVE: 4, RELATIVE: 8, BYTES: 16 } as const;
const COMMIT_FLAGS = 31;
const COPY = { SHALLOW: 1, REUSE_EXT: 2, TRANSIENT_JOB: 4, SYNCHRONOUS_WRITES: 8 } as const;
const COPY_FLAGS = 15;
const ABORT = { ASYNC: 1, PIVOT: 2 } as const;
/** Of the speed that is set, and of the one that is told. */
const IN_BYTES = 1;
const MEBIBYTE = 1024n * 1024n;
const MOST = 2n ** 63n - 1n;

/** Jobs that merge and copy the images of a running guest's disks. */
export function blockJobHandlers(hypervisor: Hypervisor): DomainBlockHandlers {
  const withDisk = <T>(
    dom: Domain,
    path: string,
    api: string,
    work: (place: JobPlace, disk: Disk) => Promise<T>,
    kind: "modify" | "query" = "modify",
  ): Promise<T> => {
    const domain = hypervisor.domains.find(dom);
    return domain.jobs.run({ kind, api }, () => {
      const guest = domain.active();
      return work(jobPlace(hypervisor, domain, guest), diskNamed(guest.config.devices.disks, path));
    });
  };

  const copy = (dom: Domain, path: string, wish: CopyRequest) =>
    withDisk(dom, path, "domainBlockCopy", async (place, disk) => {
      checkIdle(place, disk);
      checkSupported(disk);
      if (place.domain.persistent && !wish.isTransient) {
        throw qemuError("OPERATION_INVALID", "domain is not transient", { hint: "add --transient-job" });
      }
      await checkTarget(disk, wish);
      const format = wish.format ?? disk.driver?.type ?? "raw";
      await startCopy(place, disk, { ...wish, layer: { source: wish.source, format }, isThere: wish.isReused });
    });

  return {
    domainBlockPull({ dom, path, bandwidth, flags }) {
      checkFlags(flags, PULL_BYTES, "qemuDomainBlockPull");
      return withDisk(dom, path, "domainBlockPull", (place, disk) =>
        startPull(place, disk, { base: null, speed: bytes(bandwidth, flags & PULL_BYTES) }),
      );
    },

    domainBlockRebase({ dom, path, base, bandwidth, flags }) {
      checkFlags(flags, REBASE_FLAGS, "qemuDomainBlockRebase");
      if ((flags & REBASE.COPY) !== 0) return copy(dom, path, rebaseCopy(base ?? "", bandwidth, flags));
      if ((flags & REBASE.RELATIVE) !== 0) throw noRelative(base);
      return withDisk(dom, path, "domainBlockRebase", (place, disk) =>
        startPull(place, disk, { base, speed: bytes(bandwidth, flags & REBASE.BYTES) }),
      );
    },

    domainBlockCommit({ dom, disk: path, base, top, bandwidth, flags }) {
      checkFlags(flags, COMMIT_FLAGS, "qemuDomainBlockCommit");
      if ((flags & COMMIT.RELATIVE) !== 0) throw noRelative("");
      return withDisk(dom, path, "domainBlockCommit", (place, disk) =>
        startCommit(place, disk, {
          base,
          top,
          speed: bytes(bandwidth, flags & COMMIT.BYTES),
          shallow: (flags & COMMIT.SHALLOW) !== 0,
          active: (flags & COMMIT.ACTIVE) !== 0,
          removeImages: (flags & COMMIT.DELETE) !== 0,
        }),
      );
    },

    domainBlockCopy({ dom, path, destxml, params, flags }) {
      checkFlags(flags, COPY_FLAGS, "qemuDomainBlockCopy");
      return copy(dom, path, {
        ...destination(destxml),
        isReused: (flags & COPY.REUSE_EXT) !== 0,
        shallow: (flags & COPY.SHALLOW) !== 0,
        isTransient: (flags & COPY.TRANSIENT_JOB) !== 0,
        writesBoth: (flags & COPY.SYNCHRONOUS_WRITES) !== 0,
        speed: numberIn(params, "bandwidth"),
        granularity: numberIn(params, "granularity"),
        bufSize: numberIn(params, "buf-size"),
      });
    },

    domainBlockJobAbort({ dom, path, flags }) {
      checkFlags(flags, ABORT.ASYNC | ABORT.PIVOT, "qemuDomainBlockJobAbort");
      const wish = { pivot: (flags & ABORT.PIVOT) !== 0, async: (flags & ABORT.ASYNC) !== 0 };
      return withDisk(dom, path, "domainBlockJobAbort", (place, disk) => abortJob(place, disk, wish));
    },

    domainBlockJobSetSpeed({ dom, path, bandwidth, flags }) {
      checkFlags(flags, IN_BYTES, "qemuDomainBlockJobSetSpeed");
      const speed = bytes(bandwidth, flags);
      return withDisk(dom, path, "domainBlockJobSetSpeed", (place, disk) => setSpeed(place, disk, speed));
    },

    async domainGetBlockJobInfo({ dom, path, flags }) {
      checkFlags(flags, IN_BYTES, "qemuDomainGetBlockJobInfo");
      const found = await withDisk(dom, path, "domainGetBlockJobInfo", progressOf, "query");
      if (found === undefined) return { found: 0, type: 0, bandwidth: 0, cur: 0, end: 0 };
      const { bandwidth } = found;
      return { found: 1, ...found, bandwidth: flags === 0 ? Math.ceil(bandwidth / Number(MEBIBYTE)) : bandwidth };
    },
  };
}

/** Where a copy goes, and how. */
interface CopyRequest {
  readonly source: Layer["source"];
  readonly format: Layer["format"] | undefined;
  readonly isReused: boolean;
  readonly shallow: boolean;
  readonly isTransient: boolean;
  readonly writesBoth: boolean;
  readonly speed: number;
  readonly granularity: number;
  readonly bufSize: number;
}

function rebaseCopy(path: string, bandwidth: bigint, flags: number): CopyRequest {
  return {
    source: { type: (flags & REBASE.COPY_DEV) === 0 ? "file" : "block", path },
    format: (flags & REBASE.COPY_RAW) === 0 ? undefined : "raw",
    isReused: (flags & REBASE.REUSE_EXT) !== 0,
    shallow: (flags & REBASE.SHALLOW) !== 0,
    isTransient: false,
    writesBoth: false,
    speed: bytes(bandwidth, flags & REBASE.BYTES),
    granularity: 0,
    bufSize: 0,
  };
}

function destination(xml: string): Pick<CopyRequest, "source" | "format"> {
  const root = parseXml(xml, { documentName: "(disk_definition)", errorDomain: "DOMAIN" });
  const type = attribute(root, "type") ?? "file";
  const source = child(root, "source");
  const path = source && attribute(source, type === "block" ? "dev" : "file");
  if (path === undefined || (type !== "file" && type !== "block")) {
    throw qemuError("CONFIG_UNSUPPORTED", "a copy goes to a file or a block device here");
  }
  const driver = child(root, "driver");
  const format = driver && attribute(driver, "type");
  if (format !== undefined && format !== "raw" && format !== "qcow2") {
    throw qemuError("OPERATION_UNSUPPORTED", `can't create storage format '${format}'`);
  }
  return { source: { type, path }, format };
}

async function checkTarget(disk: Disk, { source, format, isReused, shallow }: CopyRequest): Promise<void> {
  const path = source.type === "file" || source.type === "block" ? (source.path ?? "") : "";
  const { dev } = disk.target;
  if (!path.startsWith("/")) throw qemuError("INVALID_ARG", "absolute path must be used as block copy target");
  const isAlone = disk.backingStore === undefined || disk.backingStore.kind === "end";
  if (shallow && !isAlone && !isReused && (format ?? disk.driver?.type) === "raw") {
    throw qemuError("CONFIG_UNSUPPORTED", `shallow copy of disk '${dev}' into a raw file is not possible`);
  }
  if (isReused && format === undefined) {
    throw qemuError("CONFIG_UNSUPPORTED", "reused mirror destination format must be specified");
  }
  const kind = (await kindsOf([path])).get(path);
  if (kind === "none" && isReused) {
    throw qemuError("SYSTEM_ERROR", `missing destination file for disk ${dev}: ${path}: No such file or directory`);
  }
  if (kind === "file" && source.type === "file" && !isReused) {
    const detail = `external destination file for disk ${dev} already exists and is not a block device: ${path}`;
    throw qemuError("CONFIG_UNSUPPORTED", detail, { hint: "remove it, or add --reuse-external" });
  }
}

/** Bytes a second. Clients count in MiB unless they say otherwise. */
function bytes(bandwidth: bigint, isBytes: number): number {
  if (isBytes === 0 && bandwidth > MOST / MEBIBYTE) {
    throw qemuError("OVERFLOW", `bandwidth must be less than ${MOST / MEBIBYTE}`);
  }
  return Number(isBytes === 0 ? bandwidth * MEBIBYTE : bandwidth);
}

function numberIn(params: readonly TypedParam[], name: string): number {
  return Number(params.find(({ field }) => field === name)?.value ?? 0);
}

function noRelative(base: string | null): Error {
  if (base === null) {
    const detail = "flag VIR_DOMAIN_BLOCK_REBASE_RELATIVE is valid only with non-null base";
    return qemuError("INVALID_ARG", detail);
  }
  return qemuError("OPERATION_INVALID", "can't keep relative backing relationship", {
    hint: "images below are written with their whole path",
  });
}
