import { attribute, child, childElements, parseXml, textOf, type XmlElement } from "../../xml/index.js";

/**
 * The smallest document that a driver ought to accept which has these capabilities, with `{name}` and `{uuid}` where they
 * go. Of the guests that it can run the first is taken, or the first of the host's own architecture; `undefined` where it
 * can run none.
 */
export function defaultDomain(capabilities: string): string | undefined {
  const root = parseXml(capabilities);
  const hostArch = textOf(at(root, "host", "cpu", "arch") ?? root);
  const offers = childElements(root, "guest").flatMap((guest) =>
    childElements(guest, "arch").map((arch) => ({
      osType: textOf(child(guest, "os_type") ?? guest).trim(),
      arch: attribute(arch, "name") ?? "",
      type: attribute(child(arch, "domain") ?? arch, "type"),
    })),
  );
  const offer = offers.find(({ arch }) => arch === hostArch) ?? offers[0];
  if (offer?.type === undefined) return undefined;
  return `<domain type='${offer.type}'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='KiB'>65536</memory>
  <vcpu>1</vcpu>
  <os><type arch='${offer.arch}'>${offer.osType}</type></os>
</domain>`;
}

function at(element: XmlElement, ...path: readonly string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>((found, name) => found && child(found, name), element);
}
