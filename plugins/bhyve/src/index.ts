import { providers } from "@polyvisor/core";
import { BhyveDriver } from "./driver.js";

export default providers({ "hypervisor.v1": BhyveDriver });
