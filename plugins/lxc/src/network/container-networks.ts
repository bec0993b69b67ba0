import { join } from "node:path";
import { type ContractClient, type HostServices, VirtError } from "@polyvisor/core";
import { type Domain as Config, type Hostdev, type Interface, mapDevices } from "@polyvisor/sdk/conf/domain";
import { makePorts, releasePorts, withPortIds } from "@polyvisor/sdk/network-ports";
import { nameCards } from "./names.js";
import type { Networks, PreparedNetwork } from "./networks.js";
import { hostCards, type NamedCard, type NetworkPlan, planCards, planHostCards } from "./plan.js";
import { deviceName } from "./refuse.js";
import { NameTaken, runLines, runPlan, unpin, usersOf } from "./run.js";

/** Others make devices on the host, too. */
const ATTEMPTS = 8;

/**
 * The networks of containers: a namespace for each, pinned at a file of the container's own folder, with its cards in it.
 * What one of a daemon that ended in the middle of it has left is in that folder alone.
 */
export class ContainerNetworks implements Networks {
  readonly #host: HostServices | undefined;
  /** The host's ends of cards that are being made. */
  readonly #reserved = new Set<string>();

  constructor(host: HostServices | undefined) {
    this.#host = host;
  }

  async prepare(
    config: Config,
    { folder }: { readonly folder: string },
  ): Promise<{ readonly network: PreparedNetwork; readonly config: Config }> {
    if (!needsNamespace(config)) return { network: { namespace: "host" }, config };
    const network: PreparedNetwork =
      config.idmap === undefined
        ? networkIn(folder)
        : { namespace: { path: join(folder, PIN), users: usersOf(join(folder, PIN)) } };
    const path = join(folder, PIN);
    const withPorts = await this.#makePorts(config);
    try {
      const planned = await this.#make(
        withPorts.devices.interfaces,
        (cards) => {
          const plan = together(planHostCards(hostCards(config), path), planCards(cards, path));
          const loopback = { line: "link set dev lo up", failure: "Cannot set interface flags on 'lo'" };
          return runPlan(path, { ...plan, inside: [loopback, ...plan.inside] }, { users: config.idmap });
        },
        () => unpin(path, returningLines(hostCards(config))),
      );
      return { network, config: withNames(withPorts, planned) };
    } catch (error) {
      await this.release(network, withPorts);
      throw error;
    }
  }

  async release({ namespace }: PreparedNetwork, config: Config): Promise<void> {
    if (typeof namespace === "object") await unpin(namespace.path, returningLines(hostCards(config)));
    await releasePorts(this, config);
  }

  /** Puts a card into a container that runs. Resolves with the card as it is then. Where it fails nothing is left of it. */
  async plugIn(config: Config, nic: Interface, path: string): Promise<Interface> {
    const alone = (card: Interface): Config => ({ ...config, devices: { ...config.devices, interfaces: [card] } });
    const withPort = await this.#makePorts(alone(nic));
    const taken = config.devices.interfaces.flatMap(({ guest }) => guest?.dev ?? []);
    try {
      const [card] = await this.#make(
        withPort.devices.interfaces,
        (cards) => this.#plug(cards, path),
        undefined,
        taken,
      );
      const [live] = card === undefined ? [] : withNames(withPort, [card]).devices.interfaces;
      return live ?? nic;
    } catch (error) {
      await releasePorts(this, withPort);
      throw error;
    }
  }

  async #plug(cards: readonly NamedCard[], path: string): Promise<void> {
    try {
      await runPlan(path, planCards(cards, path), "there");
    } catch (error) {
      // What has the card's name then is not ours.
      const isOurs = !(error instanceof NameTaken);
      if (isOurs)
        await runLines(
          cards.map(({ guest }) => `link del dev ${guest}`),
          path,
        );
      throw error;
    }
  }

  /** Takes a card with an end on the host out of a container that runs; one that is gone already does no harm. */
  async pullOut(config: Config, nic: Interface): Promise<void> {
    if (nic.target?.dev !== undefined) await runLines([`link del dev ${deviceName(nic.target.dev)}`]);
    await releasePorts(this, { ...config, devices: { ...config.devices, interfaces: [nic] } });
  }

  /** Moves a card of the host into a container that runs. */
  async lend(card: Hostdev, path: string): Promise<void> {
    try {
      await runPlan(path, planHostCards([card], path), "there");
    } catch (error) {
      await this.takeBack(card, path);
      throw error;
    }
  }

  /** Moves it back; one that the container has lost does no harm. */
  async takeBack(card: Hostdev, path: string): Promise<void> {
    await runLines(returningLines([card]), path);
  }

  async withNetworks<T>(work: (networks: ContractClient<"network.v1">) => Promise<T>): Promise<T | undefined> {
    const networks = await this.#host?.connect("network.v1");
    if (networks === undefined) return undefined;
    try {
      return await work(networks);
    } finally {
      await networks.close();
    }
  }

  async #makePorts(config: Config): Promise<Config> {
    if (!config.devices.interfaces.some(({ source }) => source.type === "network")) return config;
    const numbered = withPortIds(config);
    try {
      const ready = await makePorts(this, numbered);
      for (const { source } of ready.devices.interfaces) {
        if (source.type === "network" && source.actual === undefined) throw noNetworks(source.network);
      }
      return ready;
    } catch (error) {
      await releasePorts(this, numbered);
      throw error;
    }
  }

  /** Names the cards and makes them, with other names where somebody else was faster. */
  async #make(
    interfaces: readonly Interface[],
    make: (cards: readonly NamedCard[]) => Promise<void>,
    undo?: () => Promise<void>,
    taken?: readonly string[],
  ): Promise<readonly NamedCard[]> {
    for (let attempt = 1; ; attempt++) {
      const cards = await nameCards(interfaces, this.#reserved, taken);
      const names = cards.flatMap(({ host }) => host ?? []);
      for (const name of names) this.#reserved.add(name);
      try {
        await make(cards);
        return cards;
      } catch (error) {
        if (!(error instanceof NameTaken)) throw error;
        const hasFree = cards.some(({ nic, host }) => host !== undefined && nic.target?.dev === undefined);
        if (attempt === ATTEMPTS || !hasFree) throw nameTaken(error);
        await undo?.();
      } finally {
        for (const name of names) this.#reserved.delete(name);
      }
    }
  }
}

const PIN = "netns";

/** The network of a container whose start was cut off in the middle: whatever there is of it is in its folder. */
export function networkIn(folder: string): PreparedNetwork {
  return { namespace: { path: join(folder, PIN) } };
}

function needsNamespace(config: Config): boolean {
  const { interfaces } = config.devices;
  return interfaces.length > 0 || hostCards(config).length > 0 || config.features.privnet === true;
}

function together(one: NetworkPlan, other: NetworkPlan): NetworkPlan {
  return {
    links: [...one.links, ...other.links],
    shaping: [...one.shaping, ...other.shaping],
    ports: [...one.ports, ...other.ports],
    inside: [...one.inside, ...other.inside],
  };
}

function withNames(config: Config, cards: readonly NamedCard[]): Config {
  const byNic = new Map(cards.map((card) => [card.nic, card]));
  return mapDevices(config, {
    interface: (nic) => {
      const card = byNic.get(nic);
      if (card === undefined) return nic;
      const target = card.host === undefined ? nic.target : { ...nic.target, dev: card.host };
      return { ...nic, ...(target && { target }), guest: { ...nic.guest, dev: card.guest } };
    },
  });
}

/** The host's cards go back to it. */
function returningLines(cards: readonly Hostdev[]): string[] {
  return cards.flatMap(({ source }) =>
    source.type === "net" ? [`link set dev ${deviceName(source.interface)} netns ${process.pid}`] : [],
  );
}

function noNetworks(name: string): VirtError {
  return new VirtError("NO_NETWORK", `no network with matching name '${name}'`, {
    domain: "LXC",
    hint: "the network has nothing for the card, or this host has no driver of networks",
  });
}

function nameTaken({ message }: NameTaken): VirtError {
  return new VirtError("SYSTEM_ERROR", "Failed to create veth device pair: File exists", {
    domain: "LXC",
    hint: `another device has the name of <target dev>: ${message}`,
  });
}
