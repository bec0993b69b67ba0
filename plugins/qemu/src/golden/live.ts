import { type Channel, type Domain, type Graphics, type GraphicsListen, mapDevices } from "@polyvisor/sdk/conf";
import { shortName } from "../state/layout.js";
import { FOLDERS } from "./folders.js";

/** Where the data's driver keeps the sockets of its helpers: a place that no test may use. */
export const RUN_DIR = "/bad-test-used-env-xdg-runtime-dir/libvirt/qemu/run";
const RENDER_NODE = "/dev/dri/foo";
const ADDRESS = "127.0.0.1";

/** The folder of a guest that does not run: its id is -1. */
export function guestFolder(domain: Domain): string {
  return `/tmp/lib/domain-${shortName(-1, domain.name)}`;
}

/** What a start decides: made-up ports, sockets and paths. */
export function makeLive(domain: Domain): Domain {
  const folder = guestFolder(domain);
  return mapDevices(
    { ...domain, id: -1 },
    {
      graphics: (graphics) => withDisplay(withPorts(withListens(graphics, folder)), domain),
      channel: (channel) => withSocket(channel, domain),
      shmem: (shmem) =>
        shmem.server === undefined || shmem.server.path !== undefined
          ? shmem
          : { ...shmem, server: { path: `/var/lib/libvirt/shmem-${shmem.name}-sock` } },
      vsock: (vsock) => (vsock.cid?.auto === "yes" ? { ...vsock, cid: { ...vsock.cid, address: 42 } } : vsock),
    },
  );
}

function withListens<G extends Graphics>(graphics: G, folder: string): G {
  if (!("listens" in graphics)) return graphics;
  const complete = (listen: GraphicsListen): GraphicsListen => {
    if (listen.type === "socket" && listen.socket === undefined)
      return { ...listen, socket: `${folder}/${graphics.type}.sock` };
    if (listen.type === "address" && listen.address === undefined) return { ...listen, address: ADDRESS };
    return listen;
  };
  return { ...graphics, listens: graphics.listens.map(complete) };
}

function withPorts<G extends Graphics>(graphics: G): G {
  const [listen] = "listens" in graphics ? graphics.listens : [];
  if (listen?.type !== "address" && listen?.type !== "network") return graphics;
  if (graphics.type === "vnc") return graphics.autoport ? { ...graphics, port: 5900 } : graphics;
  if (graphics.type !== "spice") return graphics;
  const { autoport, channels, defaultMode, port, tlsPort } = graphics;
  const wants = (mode: "secure" | "insecure") =>
    autoport &&
    (channels.some((each) => each.mode === mode) || (defaultMode ?? mode) === mode || defaultMode === "any");
  return {
    ...graphics,
    port: wants("insecure") || port === -1 ? 5901 : port,
    tlsPort: wants("secure") || tlsPort === -1 ? 5902 : tlsPort,
  };
}

function withSocket(channel: Channel, domain: Domain): Channel {
  const { source, target } = channel;
  if (target.type !== "virtio" || source.type !== "unix" || source.path !== undefined) return channel;
  const folder = `${FOLDERS.channels}/domain-${shortName(-1, domain.name)}`;
  return { ...channel, source: { ...source, path: `${folder}/${target.name ?? vioserial(channel)}` } };
}

function vioserial({ address }: Channel): string {
  const { controller, bus, port } = address?.type === "virtio-serial" ? address : { controller: 0, bus: 0, port: 0 };
  const two = (value: number | undefined) => String(value ?? 0).padStart(2, "0");
  return `vioser-${two(controller)}-${two(bus)}-${two(port)}.sock`;
}

function withDisplay(graphics: Graphics, domain: Domain): Graphics {
  const drawsAlone = "gl" in graphics && typeof graphics.gl === "object" && graphics.gl.enable === "yes";
  if (graphics.type === "spice" && graphics.gl?.enable === "yes")
    return { ...graphics, gl: { ...graphics.gl, rendernode: graphics.gl.rendernode ?? RENDER_NODE } };
  if (graphics.type === "egl-headless") return { ...graphics, rendernode: graphics.rendernode ?? RENDER_NODE };
  if (graphics.type !== "dbus") return graphics;
  const rendernode = drawsAlone ? (graphics.gl?.rendernode ?? RENDER_NODE) : graphics.gl?.rendernode;
  const address = `unix:path=${RUN_DIR}/dbus/${shortName(-1, domain.name)}-dbus.sock`;
  return {
    ...graphics,
    ...(graphics.p2p === true || graphics.address !== undefined ? {} : { address }),
    ...(graphics.gl === undefined ? {} : { gl: { ...graphics.gl, rendernode } }),
  };
}
