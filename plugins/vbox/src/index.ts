import { providers } from "@polyvisor/core";
import { VboxDriver } from "./driver.js";

export default providers({ "hypervisor.v1": VboxDriver });
