import { VirtError } from "@polyvisor/core";
import { attr, attribute, child, childElements, type XmlElement, type XmlWriter } from "@polyvisor/sdk/xml";
import type { BlockJobKind, BlockJobRecord, BlockJobState } from "../blockjobs/block-job.js";

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

/** The part of a status file that tells of jobs of disks. */
export function writeBlockJobs(writer: XmlWriter, jobs: readonly BlockJobRecord[]): void {
  writer.element("blockjobs", "", () => {
    for (const { name, kind, disk, state, base, top, removeImages, shallow } of jobs) {
      const who = attr("name", name) + attr("type", kind) + attr("disk", disk) + attr("state", state);
      const images = attr("base", base) + attr("top", top);
      const how = attr("delete", removeImages ? "yes" : undefined) + attr("shallow", shallow ? "yes" : undefined);
      writer.empty("blockjob", who + images + how);
    }
  });
}

export function readBlockJobs(root: XmlElement): BlockJobRecord[] {
  const jobs = child(root, "blockjobs");
  return jobs === undefined ? [] : childElements(jobs, "blockjob").map(readOne);
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
