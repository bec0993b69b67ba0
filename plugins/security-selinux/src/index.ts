import { providers } from "@polyvisor/core";
import { SelinuxDriver } from "./driver.js";

export default providers({ "security.v1": SelinuxDriver });
