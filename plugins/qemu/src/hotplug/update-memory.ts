import { type DeviceOf, type MemoryDevice, replaceDevice, samePlace } from "@polyvisor/sdk/conf/domain";
import { checkFits } from "../conf/index.js";
import { qemuError } from "../errors.js";
import type { Environment } from "./environment.js";

type Field = readonly [words: string, value: (memory: MemoryDevice) => unknown];

const FIXED: readonly Field[] = [
  ["model", ({ model }) => model],
  ["access", ({ access }) => access ?? "default"],
  ["discard", ({ discard }) => discard ?? "default"],
  ["source nodes", ({ source }) => (source?.nodemask ?? []).join()],
  ["pagesize", ({ source }) => source?.pagesize ?? 0],
  ["path", ({ source }) => source?.path ?? "<null>"],
  ["align size", ({ source }) => source?.alignsize ?? 0],
  ["targetNode", ({ target }) => target.node ?? -1],
  ["size", ({ target }) => target.size],
  ["label size", ({ target }) => target.labelSize ?? 0],
  ["block size", ({ target }) => target.block ?? 0],
];

/** Of memory only the size that a virtio-mem device asks the guest to use may change. */
export async function updateMemory(env: Environment, wanted: DeviceOf<"memory">): Promise<void> {
  const { guest } = env;
  const old = guest.config.devices.memories.find(
    (each) =>
      (wanted.address === undefined || samePlace(wanted.address, each.address)) &&
      (wanted.alias === undefined || wanted.alias === each.alias),
  );
  if (old === undefined || (wanted.address === undefined && wanted.alias === undefined))
    throw qemuError("CONFIG_UNSUPPORTED", `memory '${wanted.alias ?? "<null>"}' not found`);
  checkFits(guest.config, wanted, { old, live: true });
  if (old.model !== "virtio-mem") throw qemuError("CONFIG_UNSUPPORTED", `cannot modify memory of model '${old.model}'`);
  for (const [words, value] of FIXED) {
    const [was, becomes] = [value(old), value(wanted)];
    if (was !== becomes)
      throw qemuError("CONFIG_UNSUPPORTED", `cannot modify memory ${words} from '${was}' to '${becomes}'`);
  }
  const requested = wanted.target.requested ?? 0;
  const path = `/machine/peripheral/${old.alias}`;
  await guest.qmp("qom-set", { path, property: "requested-size", value: requested * 1024 });
  guest.config = replaceDevice(guest.config, old, { ...old, target: { ...old.target, requested } });
  await env.save();
}
