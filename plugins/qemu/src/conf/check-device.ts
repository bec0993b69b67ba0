import { VirtError } from "@polyvisor/core";
import { aliasOf, allDevices, type Device, type Domain } from "@polyvisor/sdk/conf/domain";

function refuse(detail: string, hint?: string): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "DOMAIN", ...(hint === undefined ? {} : { hint }) });
}

/** Whether a device fits a domain that it is to be added to, or that `old` of it is to be replaced in. */
export function checkFits(
  domain: Domain,
  device: Device,
  change: { readonly old?: Device; readonly live: boolean },
): void {
  const { old, live } = change;
  if (old !== undefined && live) checkIdentity(old, device);
  checkUsb(domain, device);
  checkBootOrder(domain, device, old);
  if (device.kind === "memory") checkMemory(domain, device.target.size, old === undefined);
}

function checkIdentity(old: Device, device: Device): void {
  const [was, becomes] = [aliasOf(old), aliasOf(device)];
  const denied = (detail: string) => new VirtError("OPERATION_DENIED", detail, { domain: "DOMAIN" });
  if (was !== undefined && becomes !== undefined && was !== becomes)
    throw denied("changing device alias is not allowed");
  const index = (each: Device) => ("acpiIndex" in each ? (each.acpiIndex ?? 0) : 0);
  if (index(old) !== index(device)) throw denied("changing device 'acpi index' is not allowed");
}

function checkUsb({ devices }: Domain, device: Device): void {
  if (!isUsb(device) || devices.controllers.some((each) => each.type === "usb" && each.model !== "none")) return;
  throw refuse("Device configuration is not compatible: Domain has no USB bus support", "add a USB controller");
}

function isUsb(device: Device): boolean {
  switch (device.kind) {
    case "disk":
      return device.target.bus === "usb";
    case "input":
      return device.bus === "usb";
    case "hostdev":
      return device.source.type === "usb";
    case "hub":
    case "redirdev":
      return true;
    default:
      return false;
  }
}

function orderOf(device: Device): number | undefined {
  return "bootOrder" in device ? device.bootOrder : undefined;
}

function checkBootOrder(domain: Domain, device: Device, old: Device | undefined): void {
  const order = orderOf(device);
  if (order === undefined) return;
  if (domain.os.boot.length > 0) throw refuse("per-device boot elements cannot be used together with os/boot elements");
  const isTaken = allDevices(domain).some((each) => each !== old && orderOf(each) === order);
  if (isTaken) throw refuse(`boot order ${order} is already used by another device`);
}

function checkMemory({ maxMemory, memory }: Domain, size: number, isNew: boolean): void {
  if (maxMemory === undefined) {
    throw refuse(
      "cannot use/hotplug a memory device when domain 'maxMemory' is not defined",
      "add <maxMemory slots='16' unit='GiB'>64</maxMemory> to the definition, and start the guest anew",
    );
  }
  if (!isNew || memory + size <= maxMemory.size) return;
  throw refuse(
    `Attaching memory device with size '${size}' would exceed domain's maxMemory config size '${maxMemory.size}'`,
  );
}
