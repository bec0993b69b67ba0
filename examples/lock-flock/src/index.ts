import { providers } from "@polyvisor/core";
import { FlockManager } from "./manager.js";

export default providers({ "lock.v1": FlockManager });
