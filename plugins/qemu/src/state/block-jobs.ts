import { VirtError } from "@polyvisor/core";
import { attr, attribute, child, childElements, type XmlElement, type XmlWriter } from "@polyvisor/sdk/xml";
import type { BlockJobKind, BlockJobRecord, BlockJobState, PendingOverlay } from "../blockjobs/block-job.js";

const KINDS: readonly BlockJobKind[] = ["pull", "copy", "commit", "active-commit"];
const STATES: readonly BlockJobState[] = [
  "running",
  "ready",
  "aborting",
  "pivoting",
  "completed",
  "failed",
  "canceled",
];

/** What happens to the images of a guest's disks. */
interface ChainsAtWork {
  readonly blockJobs: readonly BlockJobRecord[];
  readonly overlays: readonly PendingOverlay[];
}

/** The part of a status file that tells of jobs of disks, and of images that are being put upon others. */
export function writeBlockJobs(writer: XmlWriter, { blockJobs, overlays }: ChainsAtWork): void {
  writer.element("blockjobs", "", () => {
    for (const { disk, type, path, format } of overlays) {
      writer.empty("overlay", attr("disk", disk) + attr("type", type) + attr("path", path) + attr("format", format));
    }
    for (const { name, kind, disk, state, base, top, removeImages, shallow } of blockJobs) {
      const who = attr("name", name) + attr("type", kind) + attr("disk", disk) + attr("state", state);
      const images = attr("base", base) + attr("top", top);
      const how = attr("delete", removeImages ? "yes" : undefined) + attr("shallow", shallow ? "yes" : undefined);
      writer.empty("blockjob", who + images + how);
    }
  });
}

export function readBlockJobs(root: XmlElement): ChainsAtWork {
  const jobs = child(root, "blockjobs");
  if (jobs === undefined) return { blockJobs: [], overlays: [] };
  return {
    blockJobs: childElements(jobs, "blockjob").map(readOne),
    overlays: childElements(jobs, "overlay").map((element) => ({
      disk: attribute(element, "disk") ?? "",
      type: wordOf(element, "type", ["file", "block"]),
      path: attribute(element, "path") ?? "",
      format: wordOf(element, "format", ["qcow2", "qed"]),
    })),
  };
}

function readOne(element: XmlElement): BlockJobRecord {
  return {
    name: attribute(element, "name") ?? "",
    kind: wordOf(element, "type", KINDS),
    disk: attribute(element, "disk") ?? "",
    state: wordOf(element, "state", STATES),
    base: numberOf(element, "base"),
    top: numberOf(element, "top"),
    removeImages: attribute(element, "delete") === "yes" || undefined,
    shallow: attribute(element, "shallow") === "yes" || undefined,
  };
}

function wordOf<const T extends string>(element: XmlElement, name: string, words: readonly T[]): T {
  const value = attribute(element, name);
  const word = words.find((each) => each === value);
  if (word !== undefined) return word;
  throw new VirtError("INTERNAL_ERROR", `a status file cannot be read: a block job has no ${name}`, { domain: "QEMU" });
}

function numberOf(element: XmlElement, name: string): number | undefined {
  const value = attribute(element, name);
  return value === undefined ? undefined : Number(value);
}
