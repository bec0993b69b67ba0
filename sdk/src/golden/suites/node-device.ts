import { formatNodeDevice, type NodeDeviceCapability, parseNodeDevice } from "../../conf/index.js";
import type { GoldenRun, GoldenSuites } from "../case.js";
import { expectMode, expectUnwrapped } from "../compare.js";

const DISK_BLOCK = 512;
const MEDIUM_BLOCK = 2048;

/** A document's blocks are not read; the data has those of a host whose disks and media have usual blocks. */
function withBlocks(capability: NodeDeviceCapability): NodeDeviceCapability {
  if (capability.type !== "storage") return capability;
  const { media } = capability;
  if (media.type === "removable" && !media.available) return capability;
  const logicalBlockSize = media.type === "removable" ? MEDIUM_BLOCK : DISK_BLOCK;
  return { ...capability, logicalBlockSize, numBlocks: Math.floor(media.size / logicalBlockSize) };
}

const nodeDevices: GoldenRun = async (row, files) => {
  const printed = await expectMode(row, () => {
    const device = parseNodeDevice(files.text(row.input));
    return formatNodeDevice({ ...device, capabilities: device.capabilities.map(withBlocks) });
  });
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

export const nodeDeviceSuites: GoldenSuites = { nodedevxml2xml: () => nodeDevices };
