import { type Disk, samePlace } from "@polyvisor/sdk/conf/domain";
import { qemuError } from "../errors.js";

type Field = readonly [name: string, value: (disk: Disk) => unknown];

/** Fields that must be the same, said or not. */
const FIXED: readonly Field[] = [
  ["device", ({ device }) => device],
  ["bus", ({ target }) => target.bus],
  ["target", ({ target }) => target.dev],
];

/** Fields that must be the same where the new disk says them. */
const KEPT: readonly Field[] = [
  ["tray", ({ target }) => (target.tray === "open" ? "open" : undefined)],
  ["removable", ({ target }) => target.removable],
  ["geometry cylinders", ({ geometry }) => geometry?.cylinders],
  ["geometry heads", ({ geometry }) => geometry?.heads],
  ["geometry sectors", ({ geometry }) => geometry?.sectors],
  ["BIOS-translation-modus", ({ geometry }) => geometry?.trans],
];

const REST: readonly Field[] = [
  ["blkdeviotune total_bytes_sec", ({ iotune }) => iotune?.totalBytesSec],
  ["blkdeviotune read_bytes_sec", ({ iotune }) => iotune?.readBytesSec],
  ["blkdeviotune write_bytes_sec", ({ iotune }) => iotune?.writeBytesSec],
  ["blkdeviotune total_iops_sec", ({ iotune }) => iotune?.totalIopsSec],
  ["blkdeviotune read_iops_sec", ({ iotune }) => iotune?.readIopsSec],
  ["blkdeviotune write_iops_sec", ({ iotune }) => iotune?.writeIopsSec],
  ["blkdeviotune total_bytes_sec_max", ({ iotune }) => iotune?.totalBytesSecMax],
  ["blkdeviotune read_bytes_sec_max", ({ iotune }) => iotune?.readBytesSecMax],
  ["blkdeviotune write_bytes_sec_max", ({ iotune }) => iotune?.writeBytesSecMax],
  ["blkdeviotune total_iops_sec_max", ({ iotune }) => iotune?.totalIopsSecMax],
  ["blkdeviotune read_iops_sec_max", ({ iotune }) => iotune?.readIopsSecMax],
  ["blkdeviotune write_iops_sec_max", ({ iotune }) => iotune?.writeIopsSecMax],
  ["blkdeviotune size_iops_sec", ({ iotune }) => iotune?.sizeIopsSec],
  ["blkdeviotune group name", ({ iotune }) => iotune?.groupName],
  ["serial", ({ serial }) => serial],
  ["wwn", ({ wwn }) => wwn],
  ["vendor", ({ vendor }) => vendor],
  ["product", ({ product }) => product],
  ["cache", ({ driver }) => driver?.cache],
  ["error_policy", ({ driver }) => driver?.errorPolicy],
  ["rerror_policy", ({ driver }) => driver?.rerrorPolicy],
  ["io", ({ driver }) => driver?.io],
  ["ioeventfd", ({ driver }) => driver?.ioeventfd],
  ["event_idx", ({ driver }) => driver?.eventIdx],
  ["copy_on_read", ({ driver }) => driver?.copyOnRead],
  ["transient", ({ transient }) => (transient === undefined ? undefined : true)],
  ["boot order", ({ bootOrder }) => bootOrder],
  ["rawio", ({ rawio }) => rawio],
  ["sgio", ({ sgio }) => sgio],
  ["discard", ({ driver }) => driver?.discard],
  ["iothread", ({ driver }) => driver?.iothread || undefined],
  ["backenddomain", ({ backendDomain }) => backendDomain],
  ["readonly", ({ readonly }) => readonly || undefined],
  ["shared", ({ shareable }) => shareable || undefined],
];

/** Of a disk that a guest uses only its medium may change. */
export function checkDiskChange(old: Disk, wanted: Disk): void {
  for (const [name, value] of FIXED) if (value(wanted) !== value(old)) throw fixed(name);
  keep(KEPT, old, wanted);
  const sizes: readonly Field[] = [
    ["blockio logical_block_size", ({ blockio }) => blockio?.logicalBlockSize ?? 0],
    ["blockio physical_block_size", ({ blockio }) => blockio?.physicalBlockSize ?? 0],
  ];
  for (const [name, value] of sizes) if (value(wanted) !== value(old)) throw fixed(name);
  keep(REST, old, wanted);
  if (wanted.address !== undefined && !samePlace(wanted.address, old.address)) throw fixed("address");
  const [was, becomes] = [old.source.reservations, wanted.source.reservations];
  if (JSON.stringify(was ?? null) !== JSON.stringify(becomes ?? null)) throw fixed("reservations");
}

function keep(fields: readonly Field[], old: Disk, wanted: Disk): void {
  for (const [name, value] of fields) {
    const becomes = value(wanted);
    if (becomes !== undefined && becomes !== value(old)) throw fixed(name);
  }
}

function fixed(name: string): Error {
  return qemuError("OPERATION_UNSUPPORTED", `cannot modify field '${name}' of the disk`);
}
