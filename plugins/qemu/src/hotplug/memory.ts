import { type Address, mapDevices } from "@polyvisor/sdk/conf/domain";
import { numberOf, objectOf, objects, textOf } from "../capabilities/json.js";
import { unlessRefused } from "../monitor/index.js";
import type { Environment } from "./environment.js";
import { refreshBalloon } from "./unplug.js";

/** Where the emulator has put memory that was plugged in, and how much the guest has by now. */
export async function refreshMemory(env: Environment): Promise<void> {
  const { guest } = env;
  await refreshBalloon(env);
  const bases = new Map<string, number>();
  const sizes = new Map<string, number>();
  for (const each of objects(await unlessRefused(guest.qmp("query-memory-devices")))) {
    const data = objectOf(each, "data") ?? {};
    const id = textOf(data, "id");
    const base = numberOf(data, "addr") ?? numberOf(data, "memaddr");
    if (id !== undefined && base !== undefined) bases.set(id, base);
    const size = numberOf(data, "size");
    if (id !== undefined && size !== undefined && textOf(each, "type") === "virtio-mem") sizes.set(id, size / 1024);
  }
  guest.config = mapDevices(guest.config, {
    memory(memory) {
      const current = sizes.get(memory.alias ?? "") ?? memory.target.current;
      const target = current === undefined ? memory.target : { ...memory.target, current };
      const base = bases.get(memory.alias ?? "");
      if (memory.address?.type !== "dimm" || base === undefined) return { ...memory, target };
      const address: Address = { ...memory.address, base };
      return { ...memory, target, address };
    },
  });
}
