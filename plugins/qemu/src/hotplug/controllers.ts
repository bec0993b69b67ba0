import type { Disk } from "@polyvisor/sdk/conf/domain";
import { controllerDefaults } from "../conf/controller-defaults.js";
import { placeLive, withLiveAlias } from "../conf/index.js";
import type { Environment } from "./environment.js";
import { plug } from "./plug.js";

/** A SCSI disk brings along what it needs: its controller, and those of lower index. They are like the last that is there. */
export async function plugDiskControllers(env: Environment, { address }: Disk): Promise<void> {
  if (address?.type !== "drive") return;
  for (let index = 0; index <= address.controller; index++) {
    const { config } = env.guest;
    const scsi = config.devices.controllers.flatMap((each) => (each.type === "scsi" ? [each] : []));
    if (scsi.some((each) => each.index === index)) continue;
    const plain = { kind: "controller", type: "scsi", index, model: scsi.at(-1)?.model } as const;
    const controller = controllerDefaults(plain, config, env.caps);
    await plug(env, withLiveAlias(config, placeLive(config, controller, env.caps, env.host)));
  }
}
