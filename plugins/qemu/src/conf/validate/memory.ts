import type { Checked } from "./context.js";
import { refuse } from "./refuse.js";

/** Memory that is plugged in. */
export function checkModules({ domain }: Checked): void {
  const { maxMemory, memory, devices, os } = domain;
  const cells = domain.cpu?.numa?.cells.length ?? 0;
  const modules = devices.memories.filter(({ model }) => model !== "sgx-epc");
  if (maxMemory === undefined) {
    if (modules.length > 0)
      throw refuse(
        "cannot use/hotplug a memory device when domain 'maxMemory' is not defined",
        "add <maxMemory slots='16' unit='GiB'>64</maxMemory>",
      );
    return;
  }
  if (!(os.arch ?? "").startsWith("ppc64") && cells === 0)
    throw refuse(
      "At least one numa node has to be configured when enabling memory hotplug",
      "add <numa><cell .../></numa> to <cpu>",
    );
  if (devices.memories.length > maxMemory.slots)
    throw refuse(`memory device count '${devices.memories.length}' exceeds slots count '${maxMemory.slots}'`);
  for (const { model, address, target } of modules) {
    const pci = model === "virtio-pmem" || model === "virtio-mem";
    if (address !== undefined && address.type !== (pci ? "pci" : "dimm")) {
      throw refuse(
        pci
          ? `only 'pci' addresses are supported for the ${model} device`
          : "only 'dimm' addresses are supported for the pc-dimm device",
      );
    }
    if (model !== "virtio-pmem" && cells > 0 && target.node === undefined)
      throw refuse("target NUMA node needs to be specified for memory device");
    if (address?.type === "dimm" && address.slot >= maxMemory.slots)
      throw refuse(`memory device slot '${address.slot}' exceeds slots count '${maxMemory.slots}'`);
  }
  const pluggable = devices.memories.reduce((sum, { target }) => sum + target.size, 0);
  if (pluggable > maxMemory.size - (memory - pluggable)) throw refuse("memory device total size exceeds hotplug space");
}
