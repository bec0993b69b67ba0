import { providers } from "@polyvisor/core";
import { BridgeNetworks } from "./driver.js";

export default providers({ "network.v1": BridgeNetworks });
