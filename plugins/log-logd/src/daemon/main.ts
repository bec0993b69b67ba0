import { runHelperDaemon } from "@polyvisor/sdk/helper-daemon";
import { LOG_DAEMON } from "./daemon.js";

await runHelperDaemon(LOG_DAEMON);
