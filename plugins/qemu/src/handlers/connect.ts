import { hostname } from "node:os";
import type { ConnectHandlers } from "@polyvisor/core";
import { hostArch, nodeInfo, readHostShape } from "@polyvisor/sdk/conf/host";
import { freeMemory } from "@polyvisor/sdk/host";
import { findEmulator } from "../capabilities/find.js";
import { accelOf } from "../capabilities/model.js";
import { checkFlags, qemuError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";

/** What libvirt says of emulated guests, whatever their machine can have. */
const EMULATED_MAX_VCPUS = 16;

/** The host and its emulator. */
export function connectHandlers(hypervisor: Hypervisor): ConnectHandlers {
  return {
    connectGetType: () => "QEMU",
    connectGetVersion: () => version(hypervisor),
    connectGetHostname: () => hostname(),
    connectGetCapabilities: () => capabilities(hypervisor),
    connectGetMaxVcpus: ({ type }) => maxVcpus(hypervisor, type),
    nodeGetInfo: () => nodeInfo(readHostShape()),
    nodeGetFreeMemory: () => freeMemory(),
    connectGetSysinfo({ flags }) {
      checkFlags(flags, 0, "qemuConnectGetSysinfo");
      throw qemuError("CONFIG_UNSUPPORTED", "Host SMBIOS information is not available");
    },
  };
}

/** What describes hosts and processors is loaded when somebody asks for it. */
async function capabilities(hypervisor: Hypervisor): Promise<string> {
  const [{ hostCapabilities }, { securityModels }] = await Promise.all([
    import("../host-capabilities.js"),
    import("../services/index.js"),
  ]);
  return hostCapabilities(hypervisor.capabilities, await securityModels(hypervisor), hypervisor.info.uuid);
}

/** The version of the emulator for guests of the host's own architecture. */
async function version(hypervisor: Hypervisor): Promise<number> {
  const emulator = await findEmulator(hostArch());
  if (emulator === undefined) {
    throw qemuError("INTERNAL_ERROR", `Cannot find suitable emulator for ${hostArch()}`, {
      hint: "install QEMU: apt install qemu-system-x86",
    });
  }
  return (await hypervisor.capabilities.lookup(emulator)).version;
}

async function maxVcpus(hypervisor: Hypervisor, type: string | null): Promise<number> {
  const kind = (type ?? "qemu").toLowerCase();
  if (kind === "qemu") return EMULATED_MAX_VCPUS;
  if (kind !== "kvm") throw qemuError("INVALID_ARG", `unknown type '${type}'`);
  const emulator = await findEmulator(hostArch());
  const caps = emulator === undefined ? undefined : await hypervisor.capabilities.lookup(emulator);
  const machine = caps === undefined ? undefined : accelOf(caps, "kvm")?.machines[0];
  if (machine === undefined) throw qemuError("SYSTEM_ERROR", "Unable to open /dev/kvm: No such file or directory");
  return machine.maxCpus;
}
