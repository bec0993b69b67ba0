import type { NodeDeviceHandlers } from "@polyvisor/core";
import { shellWord } from "@polyvisor/sdk/process";
import { checkFlags, xenError } from "../errors.js";
import type { XenHypervisor } from "../hypervisor.js";

type Calls = Pick<
  NodeDeviceHandlers,
  "nodeDeviceDettach" | "nodeDeviceDetachFlags" | "nodeDeviceReAttach" | "nodeDeviceReset"
>;

/** PCI devices of the host: made ready for guests (`xl pci-assignable-add`), and given back. */
export function nodeDeviceHandlers(hypervisor: XenHypervisor): Calls {
  const detach = async (name: string): Promise<void> => {
    const address = addressOf(name);
    await hypervisor.xl.run(["pci-assignable-add", address], `Failed to detach device ${address}`);
  };
  return {
    nodeDeviceDettach: ({ name }) => detach(name),
    nodeDeviceDetachFlags({ name, driverName, flags }) {
      checkFlags(flags, 0, "libxlNodeDeviceDetachFlags");
      if (driverName !== null && driverName !== "xen")
        throw xenError("INVALID_ARG", `unsupported driver name '${driverName}'`, "leave it out, or say xen");
      return detach(name);
    },
    async nodeDeviceReAttach({ name }) {
      const address = addressOf(name);
      await hypervisor.xl.run(["pci-assignable-remove", "-r", address], `Failed to re-attach device ${address}`);
    },
    async nodeDeviceReset({ name }) {
      const address = addressOf(name);
      const reset = shellWord(`/sys/bus/pci/devices/${address}/reset`);
      await hypervisor.xl.script(`echo 1 >${reset}`, `Unable to reset PCI device ${address}`);
    },
  };
}

/** `pci_0000_00_1f_2` is `0000:00:1f.2`. */
function addressOf(name: string): string {
  const match = /^pci_([0-9a-f]{4})_([0-9a-f]{2})_([0-9a-f]{2})_([0-7])$/.exec(name);
  if (match !== null) return `${match[1]}:${match[2]}:${match[3]}.${match[4]}`;
  throw xenError(
    "NO_NODE_DEVICE",
    `no node device with matching name '${name}'`,
    "PCI devices are pci_0000_00_1f_2 and so on",
  );
}
