import type { XmlElement } from "../../../xml/index.js";
import type { Network, NetworkForward } from "../model.js";
import { filled, netError, type Refuse } from "./context.js";

/** What a check needs of the document: where errors point, and the bridge as it was written. */
export interface ModeCheck {
  readonly root: XmlElement;
  readonly bridge: XmlElement | undefined;
}

/** Refuses what does not go with the forward mode. */
export function checkForwardMode(network: Network, { root, bridge }: ModeCheck): void {
  const { forward, name } = network;
  if (forward === undefined) return;
  const refuse: Refuse = (detail, hint) => {
    throw netError(root, "XML_ERROR", detail, hint);
  };
  switch (forward.mode) {
    case "nat":
    case "route":
    case "open":
      checkRouted(network, forward, refuse);
      return;
    case "bridge":
      break;
    default: {
      const { bridge: given } = network;
      const where = `not allowed in ${forward.mode} mode (network '${name}')`;
      if (given.name !== undefined) refuse(`bridge name ${where}`, "Remove the bridge's name.");
      if (given.zone !== undefined) refuse(`bridge zone ${where}`, "Remove the bridge's zone.");
      if (given.macTableManager !== undefined) {
        const detail = `bridge macTableManager setting not allowed in ${forward.mode} mode (network '${name}')`;
        refuse(detail, "Remove macTableManager.");
      }
    }
  }
  if (network.bridge.delay !== 0 || filled(bridge, "stp") !== undefined || network.bridge.zone !== undefined) {
    const detail = `bridge delay/stp/zone options only allowed in route, nat, and isolated mode, not in ${forward.mode} (network '${name}')`;
    refuse(detail, "Remove delay, stp and zone.");
  }
  if (network.bridge.name !== undefined && (forward.interfaces.length > 0 || forward.pf !== undefined)) {
    const detail = `A network with forward mode='${forward.mode}' can specify a bridge name or a forward dev, but not both (network '${name}')`;
    refuse(detail, "Remove one of both.");
  }
  if (network.mtu !== undefined) {
    const detail = `mtu size only allowed in open, route, nat, and isolated mode, not in ${forward.mode} (network '${name}')`;
    refuse(detail, "Remove <mtu>.");
  }
}

function checkRouted({ name, ips }: Network, { mode, interfaces }: NetworkForward, refuse: Refuse): void {
  if (ips.length === 0) {
    refuse(`${mode} forwarding requested, but no IP address provided for network '${name}'`, "Add <ip>.");
  }
  if (interfaces.length > 1) {
    const detail = `multiple forwarding interfaces specified for network '${name}', only one is supported`;
    refuse(detail, "Keep one <interface>.");
  }
  if (mode === "open" && interfaces.length > 0) {
    const detail = `forward dev not allowed for network '${name}' with forward mode='${mode}'`;
    refuse(detail, "Remove dev.");
  }
}
