import type { Interface } from "@polyvisor/sdk/conf";
import { has, type QemuCapabilities } from "../../capabilities/index.js";
import { malformed, refuse } from "./refuse.js";

const WITH_MTU: ReadonlySet<string> = new Set(["network", "ethernet", "bridge", "vhostuser"]);
const WITH_COALESCE: ReadonlySet<string> = new Set(["network", "ethernet", "bridge", "direct"]);

export function validateInterface(each: Interface, caps: QemuCapabilities): void {
  const { type } = each.source;
  checkGuestIp(each);
  if (type === "vdpa") {
    if (!has(caps, "netdev.vhost-vdpa")) throw refuse("vDPA devices are not supported with this QEMU binary");
    if (each.model !== "virtio") throw refuse(`invalid model for interface of type '${type}': '${each.model}'`);
  }
  const virtio = each.model?.startsWith("virtio") === true;
  if (virtio) checkVirtio(each, caps);
  const mtu = WITH_MTU.has(type) || (type === "user" && each.backend?.type === "passt");
  if (each.mtu && !mtu) throw refuse(`setting MTU on interface type ${type} is not supported yet`);
  if (each.teaming?.type === "persistent" && !virtio) {
    throw refuse(
      `virtio-net teaming persistent interface must be <model type='virtio'/>, not '${each.model ?? "(null)"}'`,
    );
  }
  if (each.teaming?.type === "transient" && type !== "hostdev" && type !== "network")
    throw refuse(`virtio-net teaming transient interface must be type='hostdev', not '${type}'`);
  if (each.coalesce !== undefined && !WITH_COALESCE.has(type))
    throw refuse(`coalesce settings on interface type ${type} are not supported`);
}

function checkVirtio({ driver }: Interface, caps: QemuCapabilities): void {
  const power = (value: number | undefined) => !value || Number.isInteger(Math.log2(value));
  if (!power(driver?.rxQueueSize)) throw refuse("rx_queue_size has to be a power of two");
  if (!power(driver?.txQueueSize)) throw refuse("tx_queue_size has to be a power of two");
  if (driver?.rss !== undefined && !has(caps, "virtio-net.rss"))
    throw refuse("virtio rss is not supported with this QEMU binary");
  if (driver?.rssHashReport !== undefined && !has(caps, "virtio-net.rss"))
    throw refuse("virtio rss hash report is not supported with this QEMU binary");
}

/** Only QEMU's own network gives the guest addresses: one of each family. */
function checkGuestIp({ source, ip }: Interface): void {
  const ips = ip?.ips ?? [];
  const routes = ip?.routes ?? [];
  if (source.type !== "user") {
    if (ips.length > 0 || routes.length > 0) {
      throw refuse(
        "Invalid attempt to set network interface guest-side IP route and/or address info, not supported by QEMU",
      );
    }
    return;
  }
  if (routes.length > 0)
    throw refuse("Invalid attempt to set network interface guest-side IP route, not supported by QEMU");
  if (ips.some(({ peer }) => peer !== undefined)) throw refuse("Invalid attempt to set peer IP for guest");
  for (const family of ["IPv4", "IPv6"] as const) {
    const [first, second] = ips.filter(({ address }) => address.includes(":") === (family === "IPv6"));
    if (second !== undefined) throw refuse(`Only one ${family} address per interface is allowed`);
    const prefix = first?.prefix ?? 0;
    if (family === "IPv4" && prefix > 0 && (prefix < 4 || prefix > 27))
      throw malformed("invalid prefix, must be in range of 4-27");
    if (family === "IPv6" && prefix > 0 && prefix !== 64)
      throw refuse(`unsupported IPv6 address prefix='${prefix}' - must be 64`);
  }
}
