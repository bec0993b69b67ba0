import type { X509Certificate } from "node:crypto";

/**
 * A certificate's subject as libvirt's lists have it (RFC 4514, in the order in which the certificate has it), such as
 * `C=GB,O=Example,CN=host`: what `virt-pki-query-dn` prints.
 */
export function distinguishedName({ subject }: Pick<X509Certificate, "subject">): string {
  return subject
    .split("\n")
    .map((part) => part.replace(/(?<!\\) \+ /g, "+").replace(/(^|\+)emailAddress=/g, "$1EMAIL="))
    .join(",");
}
