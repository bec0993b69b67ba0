import type { Domain as DomainConfig } from "@polyvisor/sdk/conf";
import { qemuError } from "../errors.js";
import { probeFiles } from "./probe-files.js";

/** Folders of the system itself do not hang, or everything does. */
const SYSTEM = /^\/usr\//;

/**
 * Refuses a kernel, an initial disk, a device tree or a firmware at whose open the emulator would hang: in the kernel,
 * where nobody could end it. What else may be wrong with them, the emulator tells.
 */
export async function checkBootFiles({ os }: DomainConfig): Promise<void> {
  const named = [os.kernel, os.initrd, os.dtb, os.acpiSlic, os.loader?.path];
  const paths = named.filter((path) => path !== undefined && !SYSTEM.test(path)) as string[];
  for (const [index, probe] of (await probeFiles(paths, 0)).entries()) {
    if (!("error" in probe) || probe.error !== "It is a FIFO") continue;
    throw qemuError("SYSTEM_ERROR", `Cannot boot from '${paths[index]}': ${probe.error}`);
  }
}
