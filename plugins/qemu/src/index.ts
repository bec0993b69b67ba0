import { providers } from "@polyvisor/core";
import { QemuDriver } from "./driver.js";

export default providers({ "hypervisor.v1": QemuDriver });
