import type { SecurityTarget } from "@polyvisor/core";
import {
  allDevices,
  type BackingStore,
  type ChardevSource,
  type Console,
  type Device,
  type DeviceSeclabel,
  type Disk,
  type Domain,
  type Hostdev,
  type StorageSource,
} from "../conf/domain/index.js";
import { type DeviceNode, findDeviceNodes } from "./device-nodes.js";
import { reachTargets } from "./reach-targets.js";
import { target } from "./target.js";

/** For whom the targets are, and what must be known besides the configuration. */
export interface TargetView {
  /** The model of the security driver, whose overrides count. */
  readonly model: string;
  /** Files behind character devices are opened by somebody else, and reach the guest as descriptors. */
  readonly filesArePassed: boolean;
}

/** All files, sockets and devices that a guest finds outside, by its configuration. Reads sysfs for host devices. */
export async function domainTargets(config: Domain, view: TargetView): Promise<SecurityTarget[]> {
  const devices = await Promise.all(
    allDevices(config)
      .filter((device) => device.kind !== "console" || !isSerialConsole(config, device))
      .map((device) => deviceTargets(device, view)),
  );
  return [...devices.flat(), ...bootTargets(config, view)];
}

/** The same of one device. */
export async function deviceTargets(device: Device, view: TargetView): Promise<readonly SecurityTarget[]> {
  return device.kind === "hostdev" || device.kind === "disk"
    ? plainTargets(device, view, await findDeviceNodes(device))
    : plainTargets(device, view, []);
}

/** The same of a device whose nodes on the host are known: `nodes` are those of a host device. */
export function plainTargets(
  device: Device,
  view: TargetView,
  nodes: readonly DeviceNode[] = [],
): readonly SecurityTarget[] {
  return [...labelledTargets(device, view, nodes), ...reachTargets(device)];
}

function labelledTargets(device: Device, view: TargetView, nodes: readonly DeviceNode[]): readonly SecurityTarget[] {
  switch (device.kind) {
    case "disk":
      return [...diskTargets(device, view), ...nodeTargets(device, nodes)];
    case "hostdev":
      return nodeTargets(device, nodes);
    case "serial":
    case "parallel":
    case "channel":
    case "console":
      return chardevTargets(device.source, view);
    case "input":
      return device.source === undefined ? [] : [target("input", device.source.evdev)];
    case "memory": {
      const isFile = device.model === "nvdimm" || device.model === "virtio-pmem";
      return isFile && device.source?.path !== undefined ? [target("memory", device.source.path)] : [];
    }
    case "tpm":
      return device.backend.type === "passthrough" ? [target("tpm", device.backend.device)] : [];
    default:
      return [];
  }
}

/** A console that is the first serial port once more. */
function isSerialConsole({ devices, os }: Domain, device: Console): boolean {
  const isFirst = devices.consoles[0] === device;
  return isFirst && os.type === "hvm" && devices.serials.length > 0 && (device.target.type ?? "serial") === "serial";
}

/** What it boots from, and its firmware's variables. */
function bootTargets({ os, sysinfos }: Domain, view: TargetView): SecurityTarget[] {
  const kernels = [os.kernel, os.initrd, os.dtb, os.acpiSlic].flatMap((path) => path ?? []);
  const files = sysinfos
    .flatMap((each) => (each.type === "fwcfg" ? each.entries : []))
    .flatMap((entry) => ("file" in entry ? entry.file : []));
  const boot = [...kernels, ...files].map((path) => target("kernel", path, { readOnly: true }));
  const loader = os.loader?.path;
  const variables = os.nvram?.source;
  return [
    ...boot,
    ...(loader === undefined
      ? []
      : [target("loader", loader, { readOnly: os.loader?.readonly !== "no", shared: true })]),
    ...pathOf(variables).map((path) =>
      target("nvram", path, { override: overrideOf(variables?.seclabels, view.model) }),
    ),
  ];
}

/** The image with all below it. A layer that says nothing for itself has what the top layer says. */
function diskTargets(disk: Disk, { model }: TargetView): SecurityTarget[] {
  const { source, device, readonly = false, shareable = false } = disk;
  const override = overrideOf(source.seclabels, model);
  const readOnly = readonly || device === "cdrom";
  return [
    ...pathOf(source).map((path) => target("image", path, { readOnly, shared: shareable, override })),
    ...layersBelow(disk.backingStore).flatMap((layer) =>
      pathOf(layer).map((path) =>
        target("backing", path, {
          readOnly: true,
          shared: true,
          override: overrideOf(layer.seclabels, model) ?? override,
        }),
      ),
    ),
  ];
}

function layersBelow(store: BackingStore | undefined): StorageSource[] {
  return store === undefined || store.kind === "end" ? [] : [store.source, ...layersBelow(store.backingStore)];
}

/** A file that a client has opened for the guest is the client's affair. */
function pathOf(source: StorageSource | undefined): string[] {
  if (source?.type === "block") return source.path === undefined ? [] : [source.path];
  return source?.type !== "file" || source.path === undefined || source.fdgroup !== undefined ? [] : [source.path];
}

/** A group of devices that several guests may have is `shared`. */
function nodeTargets(device: Disk | Hostdev, nodes: readonly DeviceNode[]): SecurityTarget[] {
  const readOnly = (device.kind === "hostdev" && device.readonly) ?? false;
  return nodes.map(({ path, shared }) => target("device", path, { readOnly, shared }));
}

/** A pipe is one file, or two for the two ways. A socket on which the guest listens may be there already. */
function chardevTargets(source: ChardevSource, { model, filesArePassed }: TargetView): SecurityTarget[] {
  const override = overrideOf(source.seclabels, model);
  switch (source.type) {
    case "dev":
      return source.path === undefined ? [] : [target("chardev", source.path, { override })];
    case "file":
      if (source.path === undefined || (filesArePassed && override === null)) return [];
      return [target("chardev", source.path, { override, optional: true })];
    case "pipe": {
      const { path } = source;
      if (path === undefined) return [];
      const ways = [`${path}.in`, `${path}.out`, path];
      return ways.map((way) => target("chardev", way, { override, optional: true }));
    }
    case "unix":
      if (source.path === undefined) return [];
      return [target("socket", source.path, { override, optional: source.mode === "bind" })];
    default:
      return [];
  }
}

function overrideOf(labels: readonly DeviceSeclabel[] | undefined, model: string): SecurityTarget["override"] {
  const mine = labels?.find((each) => each.model === model);
  return mine === undefined ? null : { relabel: mine.relabel !== "no", label: mine.label ?? "" };
}
