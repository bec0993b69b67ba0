import type { Interface, InterfaceSource } from "@polyvisor/sdk/conf/domain";
import type { MachineInfo } from "./info.js";

/** VirtualBox's types of network cards in libvirt's words. */
const MODELS: Readonly<Record<string, string>> = {
  am79c970a: "Am79C970A",
  am79c973: "Am79C973",
  "82540em": "82540EM",
  "82543gc": "82543GC",
  "82545em": "82545EM",
  virtio: "virtio",
};
const DEFAULT_MODEL = "am79c973";

/** As many cards as a machine with the usual chipset may have. */
const MAX_CARDS = 8;

export function readCards(info: MachineInfo): Interface[] {
  return [...info.numbered("nic", 1)]
    .filter(({ value }) => value !== "none")
    .map(({ number, value }): Interface => {
      const type = info.text(`nictype${number}`)?.toLowerCase() ?? "";
      const mac = info.text(`macaddress${number}`);
      return {
        kind: "interface",
        source: readSource(info, number, value),
        ...(mac && { mac: { address: mac.toLowerCase().match(/../g)?.join(":") } }),
        ...(type in MODELS && { model: type }),
        ...(info.text(`cableconnected${number}`) === "off" && { link: "down" as const }),
      };
    });
}

function readSource(info: MachineInfo, number: number, kind: string): InterfaceSource {
  if (kind === "bridged") return { type: "bridge", bridge: info.text(`bridgeadapter${number}`) ?? "" };
  if (kind === "intnet") return { type: "internal", name: info.text(`intnet${number}`) ?? "" };
  if (kind === "hostonly") return { type: "network", network: info.text(`hostonlyadapter${number}`) ?? "" };
  if (kind === "natnetwork") return { type: "network", network: info.text(`nat-network${number}`) ?? "" };
  return { type: "user" };
}

/** The words of `modifyvm` for all cards. `natNetworks` are the names of VirtualBox's NAT networks. */
export function cardWords(cards: readonly Interface[], natNetworks: ReadonlySet<string>): string[] {
  return cards.slice(0, MAX_CARDS).flatMap((card, index) => oneCardWords(card, index + 1, natNetworks));
}

/** The words of `modifyvm` for one card. */
export function oneCardWords(card: Interface, number: number, natNetworks: ReadonlySet<string>): string[] {
  const { mac, model } = card;
  return [
    ...sourceWords(card.source, number, natNetworks),
    `--nictype${number}`,
    MODELS[model?.toLowerCase() ?? DEFAULT_MODEL] ?? (MODELS[DEFAULT_MODEL] as string),
    ...(mac?.address === undefined ? [] : [`--macaddress${number}`, mac.address.replaceAll(":", "").toUpperCase()]),
    `--cableconnected${number}`,
    card.link === "down" ? "off" : "on",
  ];
}

function sourceWords(source: InterfaceSource, number: number, natNetworks: ReadonlySet<string>): string[] {
  const nic = `--nic${number}`;
  if (source.type === "bridge") return [nic, "bridged", `--bridgeadapter${number}`, source.bridge];
  if (source.type === "internal") return [nic, "intnet", `--intnet${number}`, source.name];
  if (source.type !== "network") return [nic, "nat"];
  return natNetworks.has(source.network)
    ? [nic, "natnetwork", `--nat-network${number}`, source.network]
    : [nic, "hostonly", `--hostonlyadapter${number}`, source.network];
}
