import { providers } from "@polyvisor/core";
import { LxcDriver } from "./driver.js";

export * from "./conf/index.js";

export default providers({ "hypervisor.v1": LxcDriver });
