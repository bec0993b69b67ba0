import { providers } from "@polyvisor/core";
import { FileLogManager } from "./manager.js";

export default providers({ "log.v1": FileLogManager });
