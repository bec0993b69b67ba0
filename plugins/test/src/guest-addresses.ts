import { type DomainGuestHandlers, type GuestInterface, VirtError } from "@polyvisor/core";
import type { Interface } from "@polyvisor/sdk/conf";
import { ipFamily } from "@polyvisor/sdk/conf/common";
import { networkPrefix } from "@polyvisor/sdk/conf/network";
import type { TestDomain } from "./domain.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";
import type { TestHost } from "./test-host.js";

/** How many places there are to ask for addresses: leases, the agent, the host's neighbours. */
const SOURCES = 3;
const IPV4 = 0;
const IPV6 = 1;

/** The addresses that guests would have in the networks that they are plugged into. */
export function guestAddressHandlers({ domains }: TestHypervisor, host: TestHost): DomainGuestHandlers {
  return {
    domainInterfaceAddresses({ dom, source, flags }) {
      checkFlags(flags, 0, "testDomainInterfaceAddresses");
      if (source >= SOURCES) {
        throw new VirtError("ARGUMENT_UNSUPPORTED", `Unknown IP address data source ${source | 0}`, { domain: "TEST" });
      }
      const domain = domains.find(dom);
      domain.expectActive();
      return cardsOf(domain, host);
    },
  };
}

/** The cards of a guest that runs, under the host's names, with their addresses. */
export function cardsOf({ config, ref }: TestDomain, { networks }: TestHost): GuestInterface[] {
  /** The `number`th address of a network's range. */
  function addressIn(name: string, number: number): GuestInterface["addrs"] {
    const [ip] = networks.lookupByName(name).config.ips;
    if (ip === undefined) {
      const detail = `network '${name}' has no address`;
      throw testError("OPERATION_FAILED", detail, "write <ip address='...'/> into its definition");
    }
    const first = ip.ranges[0]?.start ?? ip.address;
    const type = ipFamily(ip.address) === "ipv6" ? IPV6 : IPV4;
    return [
      {
        type,
        prefix: networkPrefix(ip) ?? 0,
        addr: type === IPV6 ? ipv6After(first, number) : ipv4After(first, number),
      },
    ];
  }

  function addressesOf({ source }: Interface, card: number, id: number): GuestInterface["addrs"] {
    // no two cards of two domains shall have the same one
    if (source.type === "network") return addressIn(source.network, 20 * (id - 1) + card + 1);
    return [{ type: IPV4, prefix: 24, addr: `192.168.0.${card + 1}` }];
  }

  return config.devices.interfaces.map((card, index) => ({
    name: card.target?.dev ?? "",
    hwaddr: card.mac?.address ?? null,
    addrs: addressesOf(card, index, ref.id),
  }));
}

function ipv4After(address: string, offset: number): string {
  const number = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const after = (number + offset) % 2 ** 32;
  return [24, 16, 8, 0].map((shift) => Math.floor(after / 2 ** shift) % 256).join(".");
}

/** Only the last byte counts on. */
function ipv6After(address: string, offset: number): string {
  const last = /[0-9a-f]*$/i.exec(address)?.[0] ?? "";
  const number = Number.parseInt(last || "0", 16);
  const after = (number & ~0xff) | ((number + offset) & 0xff);
  return `${address.slice(0, address.length - last.length)}${after.toString(16)}`;
}
