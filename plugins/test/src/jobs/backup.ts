import { type Domain, type DomainCheckpointHandlers, VirtError } from "@polyvisor/core";
import { alignBackupDisks, type Backup, formatBackup, parseBackup } from "@polyvisor/sdk/conf/backup";
import { parseCheckpoint } from "@polyvisor/sdk/conf/checkpoint";
import { takeCheckpoint } from "../checkpoints.js";
import { HOOKS } from "../config.js";
import type { TestDomain } from "../domain.js";
import { checkFlags, testError } from "../errors.js";
import type { TestHypervisor } from "../hypervisor.js";
import { type Course, courseOf } from "../simulation/behaviour.js";

const REUSE_EXTERNAL = 1;

/** A client that pulls a backup says itself when it has all of it. */
const PULLED: Course = { seconds: 0, ending: "hangs" };

/** Backups of running domains. There are no disks: a backup takes its time, and copies nothing. */
export function backupHandlers({ domains, jobs }: TestHypervisor): DomainCheckpointHandlers {
  /** Of the last backup of each domain. */
  const backups = new WeakMap<TestDomain, Backup>();

  function backupOf(domain: TestDomain): Backup | undefined {
    return jobs.reportOf(domain)?.operation === "backup" ? backups.get(domain) : undefined;
  }

  function runningDomain(dom: Domain): TestDomain {
    const domain = domains.find(dom);
    if (domain.isActive) return domain;
    const detail = "cannot perform disk backup for inactive domain";
    throw testError("OPERATION_UNSUPPORTED", detail, "start the domain first");
  }

  return {
    async domainBackupBegin({ dom, backupXml, checkpointXml, flags }) {
      checkFlags(flags, REUSE_EXTERNAL, "testDomainBackupBegin");
      const domain = runningDomain(dom);
      const parsed = parseBackup(backupXml);
      const checkpoint =
        checkpointXml === null ? undefined : parseCheckpoint(checkpointXml, { domain: { hooks: HOOKS } });
      if (backupOf(domain) !== undefined) {
        const detail = "another backup job is already running";
        throw testError("OPERATION_INVALID", detail, "`domjobabort` ends it");
      }
      const suffix = checkpoint?.name ?? String(Math.floor(Date.now() / 1000));
      const backup = alignBackupDisks(parsed, domain.config, suffix);
      checkDisks(domain, backup);
      const course = backup.mode === "pull" ? PULLED : courseOf(domain.config, "backup");
      await new Promise<void>((resolve, reject) => {
        const begin = () => {
          if (checkpoint !== undefined) takeCheckpoint(domain, checkpoint);
          backups.set(domain, backup);
          resolve();
        };
        jobs.run(domain, { operation: "backup", api: "domainBackupBegin" }, course, begin).catch(reject);
      });
    },

    domainBackupGetXMLDesc({ dom, flags }) {
      checkFlags(flags, 0, "testDomainBackupGetXMLDesc");
      const backup = backupOf(domains.find(dom));
      if (backup !== undefined) return formatBackup(backup);
      throw testError("NO_DOMAIN_BACKUP", "no domain backup job present", "`domjobinfo` shows what runs");
    },
  };
}

function checkDisks({ checkpoints }: TestDomain, { disks }: Backup): void {
  const copied = disks.filter((disk) => disk.backup === "yes");
  if (copied.length === 0) {
    throw testError("CONFIG_UNSUPPORTED", "no disks selected for backup", "write backup='yes' at one of them");
  }
  for (const { name, incremental } of copied) {
    if (incremental === undefined || checkpoints.byName.has(incremental)) continue;
    const detail = `failed to locate checkpoint '${incremental}' for incremental backup of disk '${name}'`;
    throw new VirtError("NO_DOMAIN_CHECKPOINT", detail, {
      domain: "TEST",
      hint: "`checkpoint-list` shows the checkpoints that are here",
    });
  }
}
