import { VirtError } from "@polyvisor/core";
import { systemErrorText } from "@polyvisor/sdk/process";

/** What the lock daemon answers where it does not do as asked, in the words of libvirt's. */

export function unsupportedFlags(flags: number, call: string): VirtError {
  const caller = `virLockSpaceProtocolDispatch${call}`;
  const message = `unsupported flags (0x${flags.toString(16)}) in function ${caller}`;
  return new VirtError("INVALID_ARG", "flags", { domain: "RPC", caller, message });
}

export function restricted(): VirtError {
  return new VirtError("OPERATION_DENIED", "lock manager connection has been restricted", { domain: "RPC" });
}

export function notRegistered(): VirtError {
  return new VirtError("OPERATION_INVALID", "lock owner details have not been registered", { domain: "RPC" });
}

/** Nobody would give back what is taken for it. */
export function ownerEnded(pid: number): VirtError {
  return new VirtError("OPERATION_INVALID", `lock owner process ${pid} has ended`, { domain: "RPC" });
}

export function noLockspace(path: string): VirtError {
  return new VirtError("INTERNAL_ERROR", `Lockspace for path ${path} does not exist`, {
    domain: "RPC",
    hint: "create the lockspace first; a manager does so when it starts",
  });
}

export function lockspaceExists(path: string): VirtError {
  const detail = path === "" ? "the default lockspace already exists" : `Lockspace for path ${path} already exists`;
  return new VirtError(path === "" ? "OPERATION_INVALID" : "INTERNAL_ERROR", detail, { domain: "RPC" });
}

export function isLocked(name: string): VirtError {
  return new VirtError("RESOURCE_BUSY", `Lockspace resource '${name}' is locked`, {
    domain: "LOCKSPACE",
    hint: "another guest uses it, here or on a host that shares the file; a disk that both may write is marked <shareable/>",
  });
}

export function isNotLocked(name: string): VirtError {
  return new VirtError("RESOURCE_BUSY", `Lockspace resource '${name}' is not locked`, { domain: "LOCKSPACE" });
}

export function isNotOwner(pid: number): VirtError {
  return new VirtError("INTERNAL_ERROR", `owner ${pid} does not hold the resource lock`, { domain: "LOCKSPACE" });
}

/** What the system refused, with its own words behind ours. */
export function refused(what: string, errno: number, domain: "LOCKSPACE" | "NONE" = "LOCKSPACE"): VirtError {
  return new VirtError("SYSTEM_ERROR", `${what}: ${systemErrorText(errno)}`, { domain, errno });
}

export function hangs(path: string, seconds: number): VirtError {
  return new VirtError("OPERATION_TIMEOUT", `${path} does not answer after ${seconds} s`, {
    domain: "LOCKSPACE",
    hint: "the file system that has it hangs; locks of other files are not affected",
  });
}
