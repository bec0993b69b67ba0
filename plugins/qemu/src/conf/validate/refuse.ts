import { VirtError } from "@polyvisor/core";

/** What this emulator or QEMU at all cannot do. */
export function refuse(detail: string, hint?: string): VirtError {
  return new VirtError(
    "CONFIG_UNSUPPORTED",
    detail,
    hint === undefined ? { domain: "QEMU" } : { domain: "QEMU", hint },
  );
}

export function malformed(detail: string): VirtError {
  return new VirtError("XML_ERROR", detail, { domain: "QEMU" });
}

export function internal(detail: string): VirtError {
  return new VirtError("INTERNAL_ERROR", detail, { domain: "QEMU" });
}
