import { providers } from "@polyvisor/core";
import { XenDriver } from "./driver.js";

export default providers({ "hypervisor.v1": XenDriver });
