import {
  DEFINE_FLAG,
  LIST_NETWORKS_FLAG as LIST,
  NETWORK_EVENT,
  type NetworkHandlers,
  type Network as NetworkReference,
  VirtError,
} from "@polyvisor/core";
import { formatNetwork, type Network, parseNetwork, readNetwork } from "@polyvisor/sdk/conf/network";
import { parseValidXml } from "@polyvisor/sdk/schema";
import { flagsOf, type ListFilters, selectBy } from "@polyvisor/sdk/store";
import { namesakeOf } from "./definable.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHost } from "./test-host.js";
import { TestNetwork } from "./test-network.js";

const WORDS = { what: "network", from: "NETWORK" } as const;

const FILTERS: ListFilters<TestNetwork> = [
  [
    [LIST.ACTIVE, (network) => network.isActive],
    [LIST.INACTIVE, (network) => !network.isActive],
  ],
  [
    [LIST.PERSISTENT, (network) => network.persistent],
    [LIST.TRANSIENT, (network) => !network.persistent],
  ],
  [
    [LIST.AUTOSTART, (network) => network.autostart],
    [LIST.NO_AUTOSTART, (network) => !network.autostart],
  ],
];

/** Virtual networks: what there is, how they come and go. */
export function networkHandlers({ networks, events }: TestHost): NetworkHandlers {
  const running = () => [...networks].filter(({ isActive }) => isActive);
  const off = () => [...networks].filter(({ isActive }) => !isActive);
  const tell = ({ ref }: TestNetwork, event: number) =>
    events.emit({ kind: "networkLifecycle", object: ref, event, detail: 0 });

  function define(config: Network): NetworkReference {
    const known = namesakeOf(networks, config, WORDS);
    const network = known ?? new TestNetwork(config, true);
    if (known === undefined) networks.add(network);
    else known.define(config);
    tell(network, NETWORK_EVENT.DEFINED);
    return network.ref;
  }

  function create(config: Network): NetworkReference {
    const known = namesakeOf(networks, config, WORDS);
    if (known?.isActive) {
      const detail = `network is already active as '${known.ref.name}'`;
      throw new VirtError("OPERATION_INVALID", detail, { domain: "NETWORK", hint: "stop it with `net-destroy` first" });
    }
    const network = known ?? new TestNetwork(config, false);
    if (known === undefined) networks.add(network);
    network.start(config);
    tell(network, NETWORK_EVENT.STARTED);
    return network.ref;
  }

  return {
    connectNumOfNetworks: () => running().length,
    connectListNetworks: () => running().map(({ ref }) => ref.name),
    connectNumOfDefinedNetworks: () => off().length,
    connectListDefinedNetworks: () => off().map(({ ref }) => ref.name),
    connectListAllNetworks({ flags }) {
      checkFlags(flags, flagsOf(FILTERS), "testConnectListAllNetworks");
      return selectBy(networks, FILTERS, flags).map(({ ref }) => ref);
    },

    networkLookupByName: ({ name }) => networks.lookupByName(name).ref,
    networkLookupByUUID: ({ uuid }) => networks.lookupByUUID(uuid).ref,

    networkDefineXML: ({ xml }) => define(parseNetwork(xml)),
    networkDefineXMLFlags({ xml, flags }) {
      checkFlags(flags, DEFINE_FLAG.VALIDATE, "testNetworkDefineXMLFlags");
      return flags === 0 ? define(parseNetwork(xml)) : readValid(xml).then(define);
    },
    networkCreateXML: ({ xml }) => create(parseNetwork(xml)),
    networkCreateXMLFlags({ xml, flags }) {
      checkFlags(flags, DEFINE_FLAG.VALIDATE, "testNetworkCreateXMLFlags");
      return flags === 0 ? create(parseNetwork(xml)) : readValid(xml).then(create);
    },

    networkUndefine({ net }) {
      const network = networks.lookupByName(net.name);
      if (network.isActive) throw invalid(`Network '${net.name}' is still running`, "stop it with `net-destroy` first");
      networks.remove(network);
      tell(network, NETWORK_EVENT.UNDEFINED);
    },

    networkCreate({ net }) {
      const network = networks.lookupByName(net.name);
      if (network.isActive) throw invalid(`Network '${net.name}' is already running`, "nothing is left to do");
      network.start();
      tell(network, NETWORK_EVENT.STARTED);
    },

    networkDestroy({ net }) {
      const network = networks.lookupByName(net.name);
      network.stop();
      if (!network.persistent) networks.remove(network);
      tell(network, NETWORK_EVENT.STOPPED);
    },

    networkIsActive: ({ net }) => networks.lookupByUUID(net.uuid).isActive,
    networkIsPersistent: ({ net }) => networks.lookupByUUID(net.uuid).persistent,
    networkGetAutostart: ({ net }) => networks.lookupByName(net.name).autostart,
    networkSetAutostart({ net, autostart }) {
      networks.lookupByName(net.name).autostart = autostart;
    },

    networkGetXMLDesc({ net, flags }) {
      checkFlags(flags, 0, "testNetworkGetXMLDesc");
      return formatNetwork(networks.lookupByName(net.name).config);
    },

    /** Nobody is plugged into a made-up network. */
    networkGetDHCPLeases({ net, flags }) {
      checkFlags(flags, 0, "testNetworkGetDHCPLeases");
      networks.lookupByUUID(net.uuid);
      return [];
    },

    networkGetBridgeName({ net }) {
      const { config } = networks.lookupByName(net.name);
      if (config.bridge.name !== undefined) return config.bridge.name;
      const detail = `network '${config.name}' does not have a bridge name.`;
      throw testError("INTERNAL_ERROR", detail, "write <bridge name='...'/> into its definition");
    },
  };
}

async function readValid(xml: string): Promise<Network> {
  return readNetwork(await parseValidXml(xml, "network", { explain: readNetwork }));
}

function invalid(detail: string, hint: string): VirtError {
  return testError("OPERATION_INVALID", detail, hint);
}
