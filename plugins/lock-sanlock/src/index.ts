import { providers } from "@polyvisor/core";
import { SanlockManager } from "./manager.js";

export default providers({ "lock.v1": SanlockManager });
