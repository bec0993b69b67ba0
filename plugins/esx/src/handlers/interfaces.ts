import {
  checkFlags,
  type HypervisorHandlers,
  LIST_INTERFACES_FLAG as LIST,
  type NetworkInterface,
} from "@polyvisor/core";
import { formatHostInterface, type InterfaceProtocol } from "@polyvisor/sdk/conf/interface";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import type { Value } from "../soap/reply.js";
import { readHostNetwork } from "./host-network.js";

const INACTIVE = 1;

/** The host's network cards, which are always active. */
export function interfaceHandlers(server: Server): HypervisorHandlers {
  const cards = async () => (await readHostNetwork(server)).cards;
  const all = async () => (await cards()).map(referenceOf);

  async function byMac(mac: string): Promise<Value> {
    const found = (await cards()).find((card) => card.textAt("mac")?.toLowerCase() === mac.toLowerCase());
    if (found !== undefined) return found;
    const detail = `Could not find physical NIC with MAC address '${mac}'`;
    throw esxError("NO_INTERFACE", detail, "iface-list shows the host's cards");
  }

  return {
    connectNumOfInterfaces: async () => (await all()).length,
    connectListInterfaces: async () => (await all()).map(({ name }) => name),
    connectNumOfDefinedInterfaces: () => 0,
    connectListDefinedInterfaces: () => [],
    async connectListAllInterfaces({ flags }) {
      checkFlags(flags, LIST.ACTIVE | LIST.INACTIVE, "esxConnectListAllInterfaces", "ESX");
      return flags === LIST.INACTIVE ? [] : all();
    },
    async interfaceLookupByName({ name }) {
      const found = (await all()).find((each) => each.name === name);
      if (found !== undefined) return found;
      const detail = `Could not find physical NIC with name '${name}'`;
      throw esxError("NO_INTERFACE", detail, "iface-list shows the host's cards");
    },
    interfaceLookupByMACString: async ({ mac }) => referenceOf(await byMac(mac)),
    async interfaceGetXMLDesc({ iface, flags }) {
      checkFlags(flags, INACTIVE, "esxInterfaceGetXMLDesc", "ESX");
      const card = await byMac(iface.mac);
      const protocol = protocolOf(card.at("spec", "ip"), (flags & INACTIVE) !== 0);
      return formatHostInterface({
        type: "ethernet",
        name: card.textAt("device") ?? "",
        mac: card.textAt("mac") ?? "",
        start: "onboot",
        protocols: protocol === undefined ? [] : [protocol],
      });
    },
    async interfaceIsActive({ iface }) {
      await byMac(iface.mac);
      return true;
    },
  };
}

function referenceOf(card: Value): NetworkInterface {
  return { name: card.textAt("device") ?? "", mac: card.textAt("mac") ?? "" };
}

function protocolOf(ip: Value | undefined, inactive: boolean): InterfaceProtocol | undefined {
  if (ip === undefined) return undefined;
  const isDhcp = ip.isAt("dhcp");
  const address = ip.textAt("ipAddress") ?? "";
  const mask = ip.textAt("subnetMask") ?? "";
  const hasAddress = address !== "" && mask !== "";
  if (!isDhcp && !hasAddress) return undefined;
  const shown = hasAddress && !(isDhcp && inactive);
  return {
    family: "ipv4",
    dhcp: isDhcp ? {} : undefined,
    addresses: shown ? [{ address, prefix: prefixOf(mask) }] : [],
  };
}

/** How many bits of a network's mask are set. */
function prefixOf(mask: string): number {
  const bits = mask.split(".").map((part) => Number(part).toString(2).padStart(8, "0"));
  return bits.join("").indexOf("0") < 0 ? 32 : bits.join("").indexOf("0");
}
