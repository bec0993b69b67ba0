import { VirtError } from "@polyvisor/core";
import { type Domain as Config, type Device, findDevice, insertDevice, removeDevice } from "@polyvisor/sdk/conf/domain";
import type { Container } from "../container/container.js";
import type { LoadNetworks } from "../pieces.js";
import { addNode, nodeOfDisk, nodeOfHostdev, removeNode, unsupported, type WantedNode } from "./nodes.js";
import { rulesOf } from "./rules.js";

/** A container that runs, with what it runs with. */
export interface Running {
  readonly container: Container;
  readonly config: Config;
  readonly loadNetworks: LoadNetworks;
}

/** What a card of a container can be connected to. */
const CONNECTIONS: ReadonlySet<string> = new Set(["bridge", "network", "direct", "ethernet"]);

/** Gives a device to a container that runs. Resolves with what it runs with then. */
export async function attachLive(running: Running, device: Device): Promise<Config> {
  const { container, config } = running;
  switch (device.kind) {
    case "disk":
      if (config.devices.disks.some(({ target }) => target.dev === device.target.dev))
        throw failed(`target ${device.target.dev} already exists`, "choose another target");
      return addWithNode(running, device, nodeOfDisk(device));
    case "interface": {
      if (!CONNECTIONS.has(device.source.type))
        throw unsupported("Network device type is not supported", "bridge, network, direct and ethernet are");
      const networks = await running.loadNetworks();
      return insertDevice(config, await networks.plugIn(config, device, namespaceOf(container)));
    }
    case "hostdev":
      if (findDevice(config, device) !== undefined) throw failed("host device already exists", "it is in use already");
      if (device.source.type !== "net") return addWithNode(running, device, nodeOfHostdev(device));
      await (await running.loadNetworks()).lend(device, namespaceOf(container));
      return insertDevice(config, device);
    default:
      throw unsupported(
        `device type '${device.kind}' cannot be attached`,
        "disks, interfaces, devices of the host can",
      );
  }
}

/** Takes a device that a client describes away from a container that runs. */
export async function detachLive(running: Running, wanted: Device): Promise<Config> {
  const { container, config } = running;
  const device = present(config, wanted);
  switch (device.kind) {
    case "disk":
      return removeWithNode(running, device, nodeOfDisk(device));
    case "interface": {
      if (device.target?.dev === undefined)
        throw unsupported("Only bridged veth devices can be detached", "nothing of this card is on the host");
      const networks = await running.loadNetworks();
      await networks.pullOut(config, device);
      return removeDevice(config, device);
    }
    case "hostdev":
      if (device.source.type !== "net") return removeWithNode(running, device, nodeOfHostdev(device));
      await (await running.loadNetworks()).takeBack(device, namespaceOf(container));
      return removeDevice(config, device);
    default:
      throw unsupported(
        `device type '${device.kind}' cannot be detached`,
        "disks, interfaces, devices of the host can",
      );
  }
}

function present(config: Config, wanted: Device): Device {
  const found = findDevice(config, wanted);
  if (found !== undefined) return found;
  const name =
    wanted.kind === "disk" ? `disk ${wanted.target.dev}` : wanted.kind === "hostdev" ? "host device" : wanted.kind;
  throw failed(`${name} not found`, "see the domain's document");
}

async function addWithNode({ container, config }: Running, device: Device, node: WantedNode): Promise<Config> {
  const larger = insertDevice(config, device);
  await addNode(container, usable(config, node), { before: await rulesOf(config), after: await rulesOf(larger) });
  return larger;
}

async function removeWithNode({ container, config }: Running, device: Device, node: WantedNode): Promise<Config> {
  const smaller = removeDevice(config, device);
  await removeNode(container, node, { before: await rulesOf(config), after: await rulesOf(smaller) });
  return smaller;
}

/** The kernel lets nobody use nodes in a `/dev` that belongs to a container with users of its own. */
function usable({ idmap }: Config, wanted: WantedNode): WantedNode {
  if (idmap === undefined || idmap.uid.length === 0) return wanted;
  throw unsupported(
    "devices cannot be attached to a running container with an id map",
    "attach it with --config: it is there from the next start on",
  );
}

function namespaceOf({ network, initPid }: Container): string {
  if (typeof network.namespace === "object") return network.namespace.path;
  const hint = `the container (process ${initPid}) has the host's own network: start it with <privnet/> or with an interface`;
  throw new VirtError("OPERATION_INVALID", "the container has no network of its own", { domain: "LXC", hint });
}

function failed(detail: string, hint: string): VirtError {
  return new VirtError("OPERATION_FAILED", detail, { domain: "LXC", hint });
}
