import { readlink } from "node:fs/promises";
import { type Descriptor, type DomainActionsHandlers, OPEN_GRAPHICS_FLAG, VirtError, whileOpen } from "@polyvisor/core";
import type { Graphics } from "@polyvisor/sdk/conf";
import { socketPair } from "@polyvisor/sdk/process";
import { checkFlags, qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { unlessRefused } from "../monitor/index.js";
import { withGuest } from "./lifecycle.js";

/** The name under which an emulator keeps a connection until its screen has it. */
const NAME = "graphicsfd";

/** Connections to a guest's screens that do not come over a network. */
export function graphicsHandlers(
  hypervisor: Hypervisor,
): Pick<DomainActionsHandlers, "domainOpenGraphics" | "domainOpenGraphicsFD"> {
  return {
    async domainOpenGraphics({ dom, idx, flags, descriptors }) {
      const [socket] = descriptors;
      if (socket === undefined) throw noDescriptor();
      await checkSocket(socket);
      checkFlags(flags, OPEN_GRAPHICS_FLAG.SKIPAUTH, "qemuDomainOpenGraphics");
      await withGuest(hypervisor, dom, { kind: "modify", api: "domainOpenGraphics" }, (guest) =>
        addClient(guest, idx, flags, socket),
      );
    },

    domainOpenGraphicsFD({ dom, idx, flags }) {
      checkFlags(flags, OPEN_GRAPHICS_FLAG.SKIPAUTH, "qemuDomainOpenGraphicsFD");
      return withGuest(hypervisor, dom, { kind: "modify", api: "domainOpenGraphicsFD" }, (guest) =>
        connect(guest, idx, flags),
      );
    },
  };
}

async function connect(guest: Guest, index: number, flags: number): Promise<Descriptor> {
  const [near, far] = socketPair();
  try {
    await whileOpen([far], () => addClient(guest, index, flags, far));
  } catch (error) {
    near.close();
    throw error;
  }
  return near;
}

/** The socket becomes a connection to the screen with that number. */
async function addClient(guest: Guest, index: number, flags: number, socket: Descriptor): Promise<void> {
  const protocol = protocolOf(guest.config.devices.graphics[index], index);
  const skipauth = (flags & OPEN_GRAPHICS_FLAG.SKIPAUTH) !== 0;
  await guest.passDescriptor(socket);
  await guest.qmp("getfd", { fdname: NAME });
  try {
    await guest.qmp("add_client", { protocol, fdname: NAME, skipauth });
  } catch (error) {
    await unlessRefused(guest.qmp("closefd", { fdname: NAME }));
    throw error;
  }
}

function protocolOf(graphics: Graphics | undefined, index: number): string {
  if (graphics === undefined) throw qemuError("INTERNAL_ERROR", `No graphics backend with index ${index}`);
  const { type } = graphics;
  if (type === "vnc" || type === "spice") return type;
  if (type === "dbus") return "@dbus-display";
  throw qemuError("CONFIG_UNSUPPORTED", `Can only open VNC, SPICE or D-Bus p2p graphics backends, not ${type}`);
}

function noDescriptor(): VirtError {
  return new VirtError("INTERNAL_ERROR", "No FD available at slot 0", { domain: "RPC" });
}

/** What the link of a descriptor says comes from the kernel alone. */
async function checkSocket({ fd }: Descriptor): Promise<void> {
  if ((await readlink(`/proc/self/fd/${fd}`)).startsWith("socket:")) return;
  throw new VirtError("INVALID_ARG", `fd in virDomainOpenGraphics: fd ${fd} must be a socket`, { domain: "DOMAIN" });
}
