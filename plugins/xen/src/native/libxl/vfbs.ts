import type { Domain, Graphics } from "@polyvisor/sdk/conf";
import { listenAddress, VNC_PORT } from "../graphics.js";
import { type JsonObject, truth } from "./json.js";

/** A screen as libxl has it. */
export function framebuffer(graphics: Graphics): JsonObject {
  switch (graphics.type) {
    case "sdl": {
      const { display, xauth } = graphics;
      const sdl = { enable: truth(true), opengl: truth(false), display, xauthority: xauth };
      return { sdl, vnc: { enable: truth(false) } };
    }
    case "vnc": {
      const vnc = {
        enable: truth(true),
        listen: listenAddress(graphics.listens),
        passwd: graphics.auth?.passwd,
        display: (graphics.port ?? VNC_PORT) - VNC_PORT,
        findunused: truth(false),
      };
      return { vnc, sdl: { enable: truth(false) }, keymap: graphics.keymap };
    }
    default:
      return {};
  }
}

/** Screens, and a keyboard for each. */
export function framebuffers({ devices }: Domain): JsonObject {
  const { graphics } = devices;
  if (graphics.length === 0) return {};
  return { vfbs: graphics.map(framebuffer), vkbs: graphics.map(() => ({})) };
}
