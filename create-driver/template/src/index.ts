import { HOST_INFO, type HostInfo, LOG, type Log, providers } from "@polyvisor/core";
import { GuestDriver } from "@polyvisor/sdk/driver";
import { inject, injectable } from "tsyringe";
import { type __Type__Guest, __Type__Guests } from "./guests.js";

@injectable()
class __Type__Driver extends GuestDriver<__Type__Guest> {
  constructor(@inject(HOST_INFO as symbol) info: HostInfo, @inject(LOG as symbol) log: Log) {
    super(new __Type__Guests(info), { info, log });
  }
}

export default providers({ "hypervisor.v1": __Type__Driver });
