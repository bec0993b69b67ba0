import { alignBackupDisks, type Disk, type Domain, formatBackup, parseBackup, parseDomain } from "../../conf/index.js";
import type { GoldenRun, GoldenSuites } from "../case.js";
import { expectMode, expectUnwrapped } from "../compare.js";

const BARE = "<domain type='test'><name>fake</name><memory>1</memory><os><type arch='x86_64'>hvm</type></os></domain>";

function fakeDisk(dev: string): Disk {
  return {
    kind: "disk",
    device: "disk",
    driver: { type: "qcow2" },
    source: { type: "file", path: `/fake/${dev}.qcow2` },
    target: { dev },
  };
}

/** A domain with the disks that a backup names, and one more. */
function fakeDomain(targets: readonly string[]): Domain {
  const domain = parseDomain(BARE);
  const disks = [...targets, "vdextradisk"].map(fakeDisk);
  return { ...domain, devices: { ...domain.devices, disks } };
}

const runBackup: GoldenRun = async (row, files) => {
  const internal = row.internal === true;
  const printed = await expectMode(row, () => {
    const backup = parseBackup(files.text(row.input), { internal });
    const domain = fakeDomain(backup.disks.map((disk) => disk.name));
    return formatBackup(alignBackupDisks(backup, domain, "SUFFIX"), { internal });
  });
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

export const backupSuites: GoldenSuites = { domainbackup: () => runBackup };
