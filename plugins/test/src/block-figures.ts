import type { DiskError, DomainBlockHandlers } from "@polyvisor/core";
import { isEmptySource } from "@polyvisor/sdk/conf/moment";
import { diskNamed } from "./disk-lookup.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

const HINT = "`domblklist` shows the disks that are here";
/** How many kinds of errors there are. */
const DISK_ERRORS = 2;

/** Figures about disks. There is nothing behind them: they are what libvirt's test driver makes up. */
export function blockFigureHandlers({ domains }: TestHypervisor): DomainBlockHandlers {
  return {
    domainBlockStats({ dom, path }) {
      if (path === "") {
        throw testError("OPERATION_UNSUPPORTED", "summary statistics are not supported yet", "name a disk");
      }
      const domain = domains.find(dom);
      domain.expectActive();
      if (diskNamed(domain.config, path, false) === undefined) {
        throw testError("INVALID_ARG", `invalid path: ${path}`, HINT);
      }
      const microseconds = BigInt(Date.now()) * 1000n;
      return {
        rdReq: microseconds / 10n,
        rdBytes: microseconds / 20n,
        wrReq: microseconds / 30n,
        wrBytes: microseconds / 40n,
        errs: microseconds / 2_000_000n,
      };
    },

    domainGetBlockInfo({ dom, path, flags }) {
      checkFlags(flags, 0, "testDomainGetBlockInfo");
      const disk = diskNamed(domains.find(dom).config, path, false);
      if (disk === undefined) {
        throw testError("INVALID_ARG", `invalid path ${path} not assigned to domain`, HINT);
      }
      if (isEmptySource(disk.source)) {
        const detail = `disk '${path}' does not currently have a source assigned`;
        throw testError("INVALID_ARG", detail, "put a medium into it first");
      }
      return { capacity: 1099506450432, allocation: 1099511627776, physical: 1099511627776 };
    },

    domainGetDiskErrors({ dom, maxerrors, flags }) {
      checkFlags(flags, 0, "testDomainGetDiskErrors");
      const domain = domains.find(dom);
      domain.expectActive();
      const { disks } = domain.config.devices;
      if (maxerrors === 0) return { errors: [], nerrors: disks.length };
      const errors = disks
        .slice(0, maxerrors)
        .map(({ target }, index): DiskError => ({ disk: target.dev, error: (index % DISK_ERRORS) + 1 }));
      return { errors, nerrors: errors.length };
    },
  };
}
