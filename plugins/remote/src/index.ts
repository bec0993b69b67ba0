import { providers } from "@polyvisor/core";
import { RemoteDriver } from "./driver.js";

export default providers({ "hypervisor.v1": RemoteDriver });
