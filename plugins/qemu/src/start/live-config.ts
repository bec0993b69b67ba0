import { join } from "node:path";
import {
  type Channel,
  type Chardev,
  type Domain as DomainConfig,
  type Graphics,
  mapDevices,
  type SpiceGraphics,
} from "@polyvisor/sdk/conf/domain";
import { isEmptySource } from "../command-line/disks.js";
import { qemuError } from "../errors.js";
import type { PortAllocator } from "./ports.js";

/** Displays listen here unless the configuration says otherwise. */
const LISTEN_ADDRESS = "127.0.0.1";

/** What is decided anew for each run of a guest: the ports of its displays and the sockets of its channels. */
export interface LiveConfig {
  readonly config: DomainConfig;
  /** The ports that were taken for this run. */
  readonly ports: readonly number[];
}

/** Takes ports for the run. Where it fails, those that it had taken are given back. */
export async function makeLive(
  config: DomainConfig,
  id: number,
  channelFolder: string,
  allocator: PortAllocator,
): Promise<LiveConfig> {
  const ports: number[] = [];
  const take = async (port: Promise<number | undefined>) => {
    const number = await port;
    if (number === undefined)
      throw qemuError("INTERNAL_ERROR", "Unable to find an unused port in range 'VNC' (5900-65535)");
    ports.push(number);
    return number;
  };
  try {
    const graphics: Graphics[] = [];
    for (const device of config.devices.graphics) graphics.push(await withPorts(device, allocator, take));
    const live = { ...config, id, devices: { ...config.devices, graphics } };
    return { config: withChannelSockets(withEmptyDrives(live), channelFolder), ports };
  } catch (error) {
    allocator.release(ports);
    throw error;
  }
}

type Take = (port: Promise<number | undefined>) => Promise<number>;

async function withPorts(graphics: Graphics, allocator: PortAllocator, take: Take): Promise<Graphics> {
  if (graphics.type !== "vnc" && graphics.type !== "spice") return graphics;
  const isSocket = graphics.listens.some((listen) => listen.type === "socket" || listen.type === "none");
  const listens = graphics.listens.map((listen) =>
    listen.type === "address" && listen.address === undefined
      ? { ...listen, address: LISTEN_ADDRESS, fromConfig: true }
      : listen,
  );
  if (isSocket) return { ...graphics, listens };
  if (graphics.type === "spice") return { ...graphics, listens, ...(await spicePort(graphics, allocator, take)) };
  const port = graphics.autoport || graphics.port === undefined ? await take(allocator.display()) : graphics.port;
  if (graphics.websocket !== -1) return { ...graphics, port, listens };
  return { ...graphics, port, websocket: await take(allocator.websocket()), websocketGenerated: true, listens };
}

/** Encrypted SPICE needs certificates that nobody configures yet, so no port for it is made up. */
async function spicePort(
  { autoport, defaultMode, channels }: SpiceGraphics,
  allocator: PortAllocator,
  take: Take,
): Promise<Pick<SpiceGraphics, "port">> {
  if (!autoport) return {};
  const insecure = channels.some(({ mode }) => mode === "insecure");
  if (defaultMode === "secure" && !insecure)
    throw qemuError(
      "CONFIG_UNSUPPORTED",
      "Auto allocation of spice TLS port requested but spice TLS is disabled in qemu.conf",
    );
  return { port: await take(allocator.display()) };
}

/** What is not in a drive has no format. */
function withEmptyDrives(config: DomainConfig): DomainConfig {
  return mapDevices(config, {
    disk(disk) {
      if ((disk.device !== "cdrom" && disk.device !== "floppy") || !isEmptySource(disk.source)) return disk;
      return { ...disk, driver: { ...disk.driver, type: undefined } };
    },
  });
}

export function withChannelSockets(config: DomainConfig, folder: string): DomainConfig {
  return mapDevices(config, {
    channel: (channel) =>
      channel.source.type === "unix" && channel.source.path === undefined
        ? { ...channel, source: { ...channel.source, mode: "bind", path: join(folder, channelName(channel)) } }
        : channel,
  });
}

function channelName(channel: Channel): string {
  const name = channel.target.type === "guestfwd" ? undefined : channel.target.name;
  return name ?? channel.alias ?? "channel";
}

/** The configuration with the terminals that the emulator made, by the alias of their device. */
export function withTerminals(config: DomainConfig, terminals: ReadonlyMap<string, string>): DomainConfig {
  const withTerminal = <D extends Chardev>(device: D): D => {
    const path = device.alias === undefined ? undefined : terminals.get(device.alias);
    if (path === undefined || device.source.type !== "pty") return device;
    return { ...device, source: { ...device.source, path } };
  };
  return mapDevices(config, {
    serial: withTerminal,
    parallel: withTerminal,
    console: withTerminal,
    channel: withTerminal,
  });
}
