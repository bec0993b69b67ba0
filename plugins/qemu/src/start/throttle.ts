import type { Disk, IoTune } from "@polyvisor/sdk/conf";
import type { JsonObject } from "../capabilities/json.js";

/** The limits of disks, as arguments of `block_set_io_throttle`: QEMU takes them by name of the device only. */
export function throttlesOf(disks: readonly Disk[]): readonly JsonObject[] {
  return disks.flatMap((disk) => (disk.iotune === undefined ? [] : [{ id: deviceOf(disk), ...limitsOf(disk.iotune) }]));
}

/** Where QEMU keeps the block device of a disk. */
export function deviceOf({ alias = "", target }: Disk): string {
  if (target.bus === "virtio") return `/machine/peripheral/${alias}/virtio-backend`;
  return target.bus === "usb" ? `/machine/peripheral/${alias}/${alias}.0/legacy[0]` : alias;
}

/** 0 is no limit; a length belongs to the burst before it and has no meaning without. */
function limitsOf(tune: IoTune): JsonObject {
  return {
    bps: tune.totalBytesSec ?? 0,
    bps_rd: tune.readBytesSec ?? 0,
    bps_wr: tune.writeBytesSec ?? 0,
    iops: tune.totalIopsSec ?? 0,
    iops_rd: tune.readIopsSec ?? 0,
    iops_wr: tune.writeIopsSec ?? 0,
    bps_max: tune.totalBytesSecMax,
    bps_rd_max: tune.readBytesSecMax,
    bps_wr_max: tune.writeBytesSecMax,
    iops_max: tune.totalIopsSecMax,
    iops_rd_max: tune.readIopsSecMax,
    iops_wr_max: tune.writeIopsSecMax,
    iops_size: tune.sizeIopsSec,
    group: tune.groupName,
    bps_max_length: tune.totalBytesSecMaxLength,
    bps_rd_max_length: tune.readBytesSecMaxLength,
    bps_wr_max_length: tune.writeBytesSecMaxLength,
    iops_max_length: tune.totalIopsSecMaxLength,
    iops_rd_max_length: tune.readIopsSecMaxLength,
    iops_wr_max_length: tune.writeIopsSecMaxLength,
  };
}
