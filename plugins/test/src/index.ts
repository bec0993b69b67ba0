import { providers } from "@polyvisor/core";
import { TestDriver } from "./driver.js";

export default providers({ "hypervisor.v1": TestDriver });
