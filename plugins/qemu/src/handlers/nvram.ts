import { access, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { UNDEFINE_FLAG } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";
import type { QemuDomain } from "../domain.js";
import { qemuError, systemError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";

/** The variables of a firmware go with the definition or stay, but only by the caller's word. */
export async function removeNvram(hypervisor: Hypervisor, domain: QemuDomain, flags: number): Promise<void> {
  if ((flags & UNDEFINE_FLAG.KEEP_NVRAM) !== 0) return;
  const path = await nvramPath(hypervisor, domain);
  if (path === undefined || !(await exists(hypervisor, path))) return;
  if ((flags & UNDEFINE_FLAG.NVRAM) === 0) {
    throw qemuError("OPERATION_INVALID", "cannot undefine domain with nvram", {
      hint: "say what becomes of it: --nvram or --keep-nvram",
    });
  }
  await remove(hypervisor, path).catch((error: unknown) => {
    throw systemError(`failed to remove nvram: ${path}`, error);
  });
}

/** A definition that cannot be parsed any more must still be removable. */
async function nvramPath(hypervisor: Hypervisor, domain: QemuDomain): Promise<string | undefined> {
  try {
    const { source } = (await hypervisor.configOf(domain)).os.nvram ?? {};
    return source?.type === "file" ? source.path : undefined;
  } catch {
    return undefined;
  }
}

/** Our own folder answers at once; any other path is looked at, or removed, by a helper. */
function isOurs(hypervisor: Hypervisor, path: string): boolean {
  return dirname(path) === hypervisor.layout.nvram;
}

async function exists(hypervisor: Hypervisor, path: string): Promise<boolean> {
  if (!isOurs(hypervisor, path)) return (await runHelper(["/usr/bin/test", "-e", path])).status === 0;
  return access(path).then(
    () => true,
    () => false,
  );
}

async function remove(hypervisor: Hypervisor, path: string): Promise<void> {
  if (isOurs(hypervisor, path)) return rm(path);
  const { status, stderr } = await runHelper(["/bin/rm", "--", path]);
  if (status !== 0) throw new Error(stderr.trimEnd().split(": ").at(-1) ?? "unknown error");
}
