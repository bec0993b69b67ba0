import { providers } from "@polyvisor/core";
import { ApparmorDriver } from "./driver.js";

export default providers({ "security.v1": ApparmorDriver });
