import { type Applicability, type HypervisorConnection, type HypervisorDriver, VirtError } from "@polyvisor/core";
import { injectable } from "tsyringe";

@injectable()
export class EsxDriver implements HypervisorDriver {
  probe(): Applicability {
    return { usable: false, reason: "not on this host" };
  }

  open(): HypervisorConnection {
    throw new VirtError("NO_CONNECT", "not on this host");
  }
}
