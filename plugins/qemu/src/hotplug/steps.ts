import type { Device } from "@polyvisor/sdk/conf/domain";
import type { QemuDomain } from "../domain.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";

/**
 * Something that a device needs besides the emulator. `give` is called before the emulator hears of the device, and may
 * change the device; it undoes itself what it has done where it fails. `takeBack` is called after the emulator has let go
 * of the device, or has refused it, and also where an earlier daemon ended in between: taking back what was never given
 * does no harm.
 */
export interface DeviceStep {
  readonly name: string;
  give(place: DevicePlace, device: Device): Promise<Device>;
  takeBack(place: DevicePlace, device: Device): Promise<void>;
}

/** Whose device it is. */
export interface DevicePlace {
  readonly hypervisor: Hypervisor;
  readonly domain: QemuDomain;
  readonly guest: Guest;
}

export interface StepList {
  /** Gives the device all that it needs, in order. Where a step fails, those before it are undone. */
  give(device: Device): Promise<Device>;
  /** In the reverse order. What fails does not keep the others; it is told to `failed`. */
  takeBack(device: Device): Promise<void>;
}

/** The steps around the devices of one guest. */
export function stepList(
  steps: readonly DeviceStep[],
  place: DevicePlace,
  failed: (step: string, error: unknown) => void,
): StepList {
  const takeBack = async (done: readonly DeviceStep[], device: Device) => {
    for (const step of done.toReversed()) {
      await step.takeBack(place, device).catch((error: unknown) => failed(step.name, error));
    }
  };
  return {
    async give(device) {
      let given = device;
      for (const [at, step] of steps.entries()) {
        try {
          given = await step.give(place, given);
        } catch (error) {
          await takeBack(steps.slice(0, at), given);
          throw error;
        }
      }
      return given;
    },
    takeBack: (device) => takeBack(steps, device),
  };
}
