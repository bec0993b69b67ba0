import type { Domain, Graphics } from "@polyvisor/sdk/conf";
import { withDevices } from "@polyvisor/sdk/conf/domain";
import { VNC_PORT } from "../graphics.js";
import type { LibxlFacts } from "./facts.js";

/** The domain with a port for each screen that may have any; whoever starts the guest looks for one, not Xen. */
export function withPorts(domain: Domain, { freePort }: LibxlFacts): Domain {
  const port = (graphics: Graphics): Graphics => {
    const isOpen = graphics.type === "vnc" || graphics.type === "spice";
    if (!isOpen || !graphics.autoport || graphics.port !== undefined) return graphics;
    return { ...graphics, port: freePort?.() ?? VNC_PORT };
  };
  return withDevices(domain, { graphics: domain.devices.graphics.map(port) });
}
