import { attribute, child, errorAt, isElement, type XmlElement } from "../../xml/index.js";
import { eachRange } from "../number-set.js";

// libvirt has no such limits, and takes minutes and gigabytes for the few kilobytes that ask for more

/** The most devices of one kind, and controllers of one type. */
export const DEVICES_MAX = 4096;
/** The most I/O threads. */
export const IOTHREADS_MAX = 16384;
/** The most numbers that all sets of CPUs and nodes in a document may name together. */
const NUMBERS_MAX = 1_000_000;

const SETS = ["cpuset", "nodeset", "vcpus", "iothreads", "cpus"] as const;
const WITH_SETS = ["vcpu", "cputune", "numatune", "memoryBacking", "cpu"] as const;

/** Refuses a document that is small and asks for what no host has. Called before anything else looks at it. */
export function checkLimits(root: XmlElement): void {
  const devices = child(root, "devices");
  if (devices !== undefined) checkDevices(devices);
  if (withTooManyNumbers(root, numbersAtMost) === undefined) return;
  const node = withTooManyNumbers(root, numbersIn);
  if (node === undefined) return;
  const words = `the sets of CPUs and nodes name more than ${NUMBERS_MAX} numbers`;
  throw errorAt(node, "XML_ERROR", words, "Pin several CPUs alike in one element, or name fewer.", "DOMAIN");
}

/** The part of a domain with which it names too many numbers, as far as `count` can tell. */
function withTooManyNumbers(root: XmlElement, count: (set: string) => number): XmlElement | undefined {
  let numbers = 0;
  for (const node of root.children) {
    if (!isElement(node) || !(WITH_SETS as readonly string[]).includes(node.name)) continue;
    numbers += countNumbers(node, count);
    if (numbers > NUMBERS_MAX) return node;
  }
  return undefined;
}

function checkDevices(devices: XmlElement): void {
  const counts = new Map<string, number>();
  for (const node of devices.children) {
    if (!isElement(node)) continue;
    const count = (counts.get(node.name) ?? 0) + 1;
    if (count > DEVICES_MAX) {
      const words = `more than ${DEVICES_MAX} <${node.name}> devices`;
      throw errorAt(node, "XML_ERROR", words, "Split the domain.", "DOMAIN");
    }
    counts.set(node.name, count);
  }
}

function countNumbers(element: XmlElement, count: (set: string) => number): number {
  let numbers = 0;
  for (const name of SETS) {
    const text = attribute(element, name);
    if (text !== undefined) numbers += count(text);
  }
  for (const node of element.children) {
    if (isElement(node)) numbers += countNumbers(node, count);
  }
  return numbers;
}

/** About as many as reading the set goes through. */
function numbersIn(text: string): number {
  let count = 0;
  eachRange(text, (first, last) => {
    count += last - first + 1;
  });
  return count;
}

/** The same or more; told without reading where nothing but single numbers can be there. */
function numbersAtMost(text: string): number {
  return text.includes("-") ? numbersIn(text) : (text.length >> 1) + 1;
}
