import type { Address } from "./address.js";
import type { OnOff, YesNo } from "./common.js";

export interface Rom {
  readonly enabled?: YesNo | undefined;
  readonly bar?: OnOff | undefined;
  readonly file?: string | undefined;
}

/** What every device may carry. */
export interface DeviceInfo {
  /** Set by the driver when the guest starts, or by the user when it begins with `ua-`. */
  readonly alias?: string | undefined;
  readonly address?: Address | undefined;
  /** `<boot order>`, from 1. */
  readonly bootOrder?: number | undefined;
  readonly loadparm?: string | undefined;
  readonly rom?: Rom | undefined;
  readonly acpiIndex?: number | undefined;
}

/** How a guest start treats a source that is not there. */
export type StartupPolicy = "mandatory" | "requisite" | "optional";
