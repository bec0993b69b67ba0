import { providers } from "@polyvisor/core";
import { LockdManager } from "./manager.js";

export default providers({ "lock.v1": LockdManager });
