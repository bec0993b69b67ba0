import { providers } from "@polyvisor/core";
import { OwnerSecurity } from "./driver.js";

export default providers({ "security.v1": OwnerSecurity });
