import { providers } from "@polyvisor/core";
import { DacDriver } from "./driver.js";

export default providers({ "security.v1": DacDriver });
