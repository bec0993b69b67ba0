import { readFile } from "node:fs/promises";
import {
  checkFlags,
  type DhcpLease,
  type Domain,
  type DomainGuestHandlers,
  type GuestInterface,
  VirtError,
} from "@polyvisor/core";
import type { Interface } from "@polyvisor/sdk/conf/domain";
import { notRunning } from "@polyvisor/sdk/lifecycle";
import type { LoadNetworks, LxcHypervisor } from "../pieces.js";

/** `VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_*`. */
const SOURCE = { LEASE: 0, ARP: 2 } as const;
/** `VIR_DOMAIN_GET_HOSTNAME_LEASE`. */
const FROM_LEASE = 1;
/** `VIR_IP_ADDR_TYPE_IPV4`. */
const IPV4 = 0;

/** The addresses of containers, as far as the host knows them. */
export function addressHandlers(hypervisor: LxcHypervisor, loadNetworks: LoadNetworks): DomainGuestHandlers {
  const leasesOf = async ({ source, mac }: Interface): Promise<readonly DhcpLease[]> => {
    if (source.type !== "network") return [];
    const { network: name } = source;
    const networks = await loadNetworks();
    const leases = await networks.withNetworks(async (client) => {
      const net = await client.networkLookupByName({ name });
      return client.networkGetDHCPLeases({ net, mac: mac?.address ?? null, flags: 0 });
    });
    return leases ?? [];
  };

  return {
    async domainInterfaceAddresses({ dom, source, flags }) {
      checkFlags(flags, 0, "lxcDomainInterfaceAddresses", "LXC");
      const cards = runningCards(hypervisor, dom);
      if (source === SOURCE.ARP) return arpAddresses(cards, await readFile("/proc/self/net/arp", "utf8"));
      if (source !== SOURCE.LEASE)
        throw new VirtError("ARGUMENT_UNSUPPORTED", `Unknown IP address data source ${source}`, {
          domain: "LXC",
          hint: "a container has no agent: ask for leases, or for what the host has spoken with (arp)",
        });
      const found = await Promise.all(
        cards.map(async (card): Promise<GuestInterface> => {
          const addrs = (await leasesOf(card)).map(({ type, ipaddr, prefix }) => ({ type, addr: ipaddr, prefix }));
          return { ...nameOf(card), addrs };
        }),
      );
      return found.filter(({ addrs }) => addrs.length > 0);
    },

    async domainGetHostname({ dom, flags }) {
      checkFlags(flags, FROM_LEASE, "lxcDomainGetHostname", "LXC");
      for (const card of runningCards(hypervisor, dom)) {
        const named = (await leasesOf(card)).find(({ hostname }) => hostname);
        if (named?.hostname) return named.hostname;
      }
      throw new VirtError("NO_HOSTNAME", `no hostname found for domain ${dom.name}`, {
        domain: "LXC",
        hint: "the name comes with a lease of a virtual network; none of the container's cards has one",
      });
    },
  };
}

function runningCards(hypervisor: LxcHypervisor, dom: Domain): readonly Interface[] {
  const { run } = hypervisor.domains.find(dom);
  if (run === undefined) throw notRunning();
  return run.config.devices.interfaces;
}

/** What the host has spoken with: lines of address, type, flags, hardware address, mask, device. */
export function arpAddresses(cards: readonly Interface[], table: string): GuestInterface[] {
  const known = table.split("\n").map((line) => line.trim().split(/\s+/));
  return cards.flatMap((card) => {
    const addrs = known.flatMap(([addr = "", , , mac]) =>
      mac !== undefined && mac === card.mac?.address ? [{ type: IPV4, addr, prefix: 32 }] : [],
    );
    return addrs.length === 0 ? [] : [{ ...nameOf(card), addrs }];
  });
}

function nameOf({ target, guest, mac }: Interface): { readonly name: string; readonly hwaddr: string | null } {
  return { name: target?.dev ?? guest?.dev ?? "", hwaddr: mac?.address ?? null };
}
