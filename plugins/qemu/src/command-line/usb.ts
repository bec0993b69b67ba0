import type { Redirdev, RedirFilter, Smartcard } from "@polyvisor/sdk/conf";
import { addressProps, controllerAlias } from "./address.js";
import { chardevArgs } from "./chardev.js";
import { aliasOf, type Build } from "./context.js";
import { type Props, positive } from "./props.js";

export function hubArgs(build: Build): void {
  for (const hub of build.domain.devices.hubs)
    build.args.device({ driver: "usb-hub", id: aliasOf(hub), ...addressProps(build, hub) });
}

export function redirdevArgs(build: Build): void {
  const { redirdevs, redirfilter } = build.domain.devices;
  for (const redirdev of redirdevs) {
    const chardev = `char${aliasOf(redirdev)}`;
    chardevArgs(build, redirdev.source, chardev, { device: aliasOf(redirdev), spiceName: "usbredir" });
    build.args.device(redirProps(build, redirdev, chardev, redirfilter));
  }
}

function redirProps(build: Build, redirdev: Redirdev, chardev: string, filter: RedirFilter | undefined): Props {
  return {
    driver: "usb-redir",
    chardev,
    id: aliasOf(redirdev),
    filter: filter?.devices.map(filterText).join("|"),
    bootindex: positive(build.bootIndexes.get(redirdev)),
    ...addressProps(build, redirdev),
  };
}

function filterText({ class: kind, vendor, product, version, allow }: RedirFilter["devices"][number]): string {
  const hex = (value: number | undefined, digits: number) =>
    value === undefined || value < 0 ? "-1" : `0x${value.toString(16).toUpperCase().padStart(digits, "0")}`;
  return [hex(kind, 2), hex(vendor, 4), hex(product, 4), hex(version, 4), allow === "yes" ? 1 : 0].join(":");
}

/** Where NSS keeps its certificates by default. */
const CARD_DATABASE = "/etc/pki/nssdb";

export function smartcardArgs(build: Build): void {
  const [card] = build.domain.devices.smartcards;
  if (card === undefined) return;
  const controller = card.address?.type === "ccid" ? card.address.controller : 0;
  const bus = `${controllerAlias(build, "ccid", controller)}.0`;
  build.args.device({ ...cardProps(build, card), id: aliasOf(card), bus });
}

function cardProps(build: Build, card: Smartcard): Props {
  switch (card.mode) {
    case "host":
      return { driver: "ccid-card-emulated", backend: "nss-emulated" };
    case "host-certificates": {
      const [cert1, cert2, cert3] = card.certificates;
      const db = card.database ?? CARD_DATABASE;
      return { driver: "ccid-card-emulated", backend: "certificates", cert1, cert2, cert3, db };
    }
    case "passthrough": {
      const chardev = `char${aliasOf(card)}`;
      chardevArgs(build, card.source, chardev, { device: aliasOf(card), spiceName: "smartcard" });
      return { driver: "ccid-card-passthru", chardev };
    }
  }
}
