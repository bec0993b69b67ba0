import { providers } from "@polyvisor/core";
import { HypervDriver } from "./driver.js";

export default providers({ "hypervisor.v1": HypervDriver });
