import { VirtError } from "@polyvisor/core";
import type { Cpu } from "@polyvisor/sdk/conf";
import { formatCpuDefinition, isHostCpu, readCpuDefinition } from "@polyvisor/sdk/cpu";
import { type DomainStatus, statusOfWords, statusWords } from "@polyvisor/sdk/lifecycle";
import type { ProcessIdentity } from "@polyvisor/sdk/process";
import {
  type ForeignXml,
  foreignXml,
  type StateFormat,
  stateAttributes,
  xmlVersionProblem,
} from "@polyvisor/sdk/store";
import {
  attr,
  attribute,
  child,
  childAttribute,
  childElements,
  childText,
  escapeXml,
  parseXml,
  serializeXml,
  type XmlElement,
  XmlWriter,
} from "@polyvisor/sdk/xml";
import type { BlockJobRecord, PendingOverlay } from "../blockjobs/block-job.js";
import type { GuestLabel } from "../services/index.js";
import { type Taint, taintOf } from "../taint.js";
import { readBlockJobs, writeBlockJobs } from "./block-jobs.js";

const FORMAT: StateFormat = {
  version: 1,
  since: 1,
  oldest: 1,
  known: [
    ...["state", "reason", "pid", "started", "boot"],
    ...[
      "taint",
      "monitor",
      "libDir",
      "channelTargetDir",
      "vcpus",
      "cpu",
      "fakereboot",
      "ports",
      "security",
      "lockstate",
      "nodename",
      "plugging",
      "blockjobs",
    ],
    "domain",
  ],
};

/** What must survive the daemon of a running guest: enough to find it, to trust it, and to go on. */
export interface GuestRecord {
  readonly status: DomainStatus;
  readonly process: ProcessIdentity;
  readonly folder: string;
  readonly channelFolder: string;
  readonly vcpuThreads: ReadonlyMap<number, number>;
  /** The processor that the emulator was asked for, where it made another. */
  readonly askedCpu?: Cpu | undefined;
  readonly fakeReboot: boolean;
  readonly taints: ReadonlySet<Taint>;
  /** Ports that were chosen for the guest. */
  readonly ports: readonly number[];
  /** What the security drivers gave. */
  readonly labels: readonly GuestLabel[];
  /** What the lock manager wants to hear when the guest runs again. */
  readonly lockState?: string | undefined;
  /** How many images have been given a number. */
  readonly images: number;
  /** Jobs of its disks that have not been ended. */
  readonly blockJobs: readonly BlockJobRecord[];
  /** Images that are being put upon those of its disks. */
  readonly overlays: readonly PendingOverlay[];
  /** What a later version has written; it is written again. */
  readonly foreign: ForeignXml;
}

/** A device that is being given to the guest: its kind, its alias (a lease's key), and the domain as it will be with it. */
export interface PluggingRecord<D> {
  readonly kind: string;
  readonly name: string;
  readonly domain: D;
}

/** The status file's text, in the shape of libvirt's. `domain` is the running configuration as a document, one level deep. */
export function formatStatus(record: GuestRecord, domain: string, plugging?: PluggingRecord<string>): string {
  const { process } = record;
  const { state, reason } = statusWords(record.status);
  const writer = new XmlWriter();
  writer.line("<!-- The state of a running guest, written by Polyvisor for itself. Changing it loses the guest. -->");
  const identity = `${attr("pid", process.pid)}${attr("started", String(process.startTime))}${attr("boot", process.bootId)}`;
  writer.block(
    "domstatus",
    `${stateAttributes(FORMAT, record.foreign)}${attr("state", state)}${attr("reason", reason)}${identity}`,
    () => {
      for (const flag of record.taints) writer.empty("taint", attr("flag", flag));
      writer.empty("monitor", `${attr("path", `${record.folder}/monitor.sock`)}${attr("type", "unix")}`);
      writer.empty("libDir", attr("path", record.folder));
      writer.empty("channelTargetDir", attr("path", record.channelFolder));
      writer.element("vcpus", "", () => {
        for (const [id, thread] of record.vcpuThreads) writer.empty("vcpu", `${attr("id", id)}${attr("pid", thread)}`);
      });
      if (record.askedCpu !== undefined)
        for (const line of formatCpuDefinition(record.askedCpu).trimEnd().split("\n")) writer.line(line);
      if (record.fakeReboot) writer.empty("fakereboot");
      writer.element("ports", "", () => {
        for (const port of record.ports) writer.empty("port", attr("number", port));
      });
      for (const { plugin, model, label, imageLabel, relabel } of record.labels) {
        const labels = attr("label", label) + attr("imagelabel", imageLabel);
        const how = attr("relabel", relabel ? "yes" : "no");
        writer.empty("security", attr("plugin", plugin) + attr("model", model) + labels + how);
      }
      writer.leaf("lockstate", record.lockState);
      writer.empty("nodename", attr("index", record.images));
      writeBlockJobs(writer, record);
      if (plugging !== undefined) {
        const { kind, name } = plugging;
        writer.element("plugging", attr("kind", kind) + attr("name", name), () => writer.raw(plugging.domain));
      }
      for (const element of record.foreign.elements) writer.line(serializeXml(element));
      writer.raw(domain);
    },
  );
  return writer.toString();
}

export interface ParsedStatus {
  readonly record: GuestRecord;
  readonly domain: XmlElement;
  readonly plugging: PluggingRecord<XmlElement> | undefined;
}

/** Reads a status file. Throws a `VirtError` that says what is wrong with it. */
export function parseStatus(text: string): ParsedStatus {
  const root = parseXml(text, { documentName: "domain_status", ours: true });
  if (root.name !== "domstatus") throw broken(`unexpected root element <${root.name}>`);
  const problem = xmlVersionProblem(root, FORMAT);
  if (problem !== undefined) throw broken(problem);
  const domain = child(root, "domain");
  if (domain === undefined) throw broken("there is no <domain>");
  const status = statusOfWords(attribute(root, "state") ?? "", attribute(root, "reason") ?? "");
  if (status === undefined) throw broken("its state is not known");
  const vcpus = child(root, "vcpus");
  const ports = child(root, "ports");
  const record: GuestRecord = {
    status,
    process: {
      pid: integer(root, "pid"),
      startTime: BigInt(integer(root, "started")),
      bootId: required(attribute(root, "boot"), "boot"),
    },
    folder: required(childAttribute(root, "libDir", "path"), "libDir"),
    channelFolder: required(childAttribute(root, "channelTargetDir", "path"), "channelTargetDir"),
    vcpuThreads: new Map(
      (vcpus === undefined ? [] : childElements(vcpus, "vcpu")).map((each) => [
        integer(each, "id"),
        integer(each, "pid"),
      ]),
    ),
    askedCpu: askedCpuOf(root),
    fakeReboot: child(root, "fakereboot") !== undefined,
    taints: new Set(childElements(root, "taint").flatMap((taint) => taintOf(attribute(taint, "flag")) ?? [])),
    ports: (ports === undefined ? [] : childElements(ports, "port")).map((each) => integer(each, "number")),
    labels: childElements(root, "security").map(labelOf),
    lockState: childText(root, "lockstate"),
    images: Number(childAttribute(root, "nodename", "index") ?? 0),
    ...readBlockJobs(root),
    foreign: foreignXml(root, FORMAT),
  };
  return { record, domain, plugging: pluggingOf(root) };
}

function pluggingOf(root: XmlElement): PluggingRecord<XmlElement> | undefined {
  const element = child(root, "plugging");
  const domain = element && child(element, "domain");
  if (element === undefined || domain === undefined) return undefined;
  return { kind: attribute(element, "kind") ?? "", name: attribute(element, "name") ?? "", domain };
}

function askedCpuOf(root: XmlElement): Cpu | undefined {
  const element = child(root, "cpu");
  const cpu = element && readCpuDefinition(element);
  return cpu === undefined || isHostCpu(cpu) ? undefined : cpu;
}

function labelOf(element: XmlElement): GuestLabel {
  return {
    plugin: required(attribute(element, "plugin"), "plugin of a label"),
    model: attribute(element, "model") ?? "",
    label: attribute(element, "label") ?? "",
    imageLabel: attribute(element, "imagelabel") ?? attribute(element, "label") ?? "",
    relabel: attribute(element, "relabel") === "yes",
  };
}

function integer(element: XmlElement, name: string): number {
  const text = attribute(element, name) ?? "";
  if (!/^\d{1,15}$/.test(text)) throw broken(`${element.name} has no number '${escapeXml(name)}'`);
  return Number(text);
}

function required(value: string | undefined, what: string): string {
  if (value === undefined || value === "") throw broken(`there is no ${what}`);
  return value;
}

function broken(detail: string): VirtError {
  return new VirtError("INTERNAL_ERROR", `a status file cannot be read: ${detail}`, { domain: "QEMU" });
}
