import type { Domain, StorageSource } from "@polyvisor/sdk/conf";
import { imageArgs } from "./blockdev.js";
import type { Build } from "./context.js";

/** The flash drives of a UEFI guest: its code, and its variables when it keeps them. */
export function pflashNodes(domain: Domain): readonly { readonly unit: 0 | 1; readonly node: string }[] {
  const loader = domain.os.loader;
  if (loader?.type !== "pflash" || loader.path === undefined) return [];
  const code = { unit: 0 as const, node: "libvirt-pflash0-format" };
  return domain.os.nvram?.source === undefined ? [code] : [code, { unit: 1 as const, node: "libvirt-pflash1-format" }];
}

export function pflashArgs(build: Build): void {
  const { loader, nvram } = build.domain.os;
  if (loader?.type !== "pflash" || loader.path === undefined) return;
  const code: StorageSource = { type: "file", path: loader.path };
  flash(build, code, "libvirt-pflash0", loader.readonly === "yes");
  if (nvram?.source !== undefined) flash(build, nvram.source, "libvirt-pflash1", false);
}

function flash(build: Build, source: StorageSource, node: string, readonly: boolean): void {
  imageArgs(build, { source, format: "raw", node, readonly });
}

export function loaderArgs({ args, domain }: Build): void {
  const loader = domain.os.loader;
  if (loader?.type === "rom" && loader.path !== undefined) args.add("-bios", loader.path);
  if (loader?.type === "pflash" && loader.secure === "yes")
    args.add("-global", "driver=cfi.pflash01,property=secure,value=on");
}
