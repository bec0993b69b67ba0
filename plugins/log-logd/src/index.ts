import { providers } from "@polyvisor/core";
import { LogdManager } from "./manager.js";

export default providers({ "log.v1": LogdManager });
