import { randomBytes, randomUUID } from "node:crypto";
import { VirtError } from "@polyvisor/core";
import { errorAt, parseXml, usualHint, type XmlElement } from "../../xml/index.js";
import { GROWTH, readable } from "../document.js";
import type { NewIdentities } from "./defaults/devices.js";
import { fillDefaults } from "./defaults/index.js";
import { formatDomain } from "./format/domain.js";
import type { DomainHooks } from "./hooks.js";
import { hostArch } from "./host-arch.js";
import { checkLimits } from "./limits.js";
import { elementNamedBy } from "./locate.js";
import type { Domain } from "./model/index.js";
import { parseDomainElement } from "./parse/domain.js";
import { validateDomain } from "./validate/index.js";

export interface ParseOptions {
  /** The driver's part. */
  readonly hooks?: DomainHooks;
  /** A configuration (the default) rather than the XML of a running domain with id, aliases and ports. */
  readonly inactive?: boolean;
  /** One of our own status files. */
  readonly status?: boolean;
  /** As it is written, nothing filled in or checked. */
  readonly skipDefaults?: boolean;
  /** Complete, and not checked: a configuration that was checked when it was stored. */
  readonly skipChecks?: boolean;
  /** A new configuration rather than a stored one: sums that must agree are computed again. */
  readonly abiUpdate?: boolean;
  /** Makes up a UUID where none is given. */
  readonly newUuid?: () => string;
  /** Makes up a MAC address where none is given. */
  readonly newMac?: () => string;
}

/** A domain from its XML, complete: defaults filled in, checked. Throws `VirtError` in libvirt's words, with the place. */
export function parseDomain(xml: string, options: ParseOptions = {}): Domain {
  const root = parseXml(xml, { documentName: "(domain_definition)", errorDomain: "DOMAIN" });
  return readDomain(root, options);
}

/** The same from an element, such as the one inside a status file. */
export function readDomain(root: XmlElement, options: ParseOptions = {}): Domain {
  if (root.name !== "domain") {
    throw errorAt(root, "XML_ERROR", `expecting root element of 'domain', not '${root.name}'`, "Send a <domain>.");
  }
  checkLimits(root);
  const hooks = options.hooks ?? {};
  const context = {
    inactive: options.inactive ?? true,
    status: options.status ?? false,
    userAliases: hooks.features?.has("user-alias") ?? false,
    defaultSecurityModel: hooks.defaultSecurityModel,
  };
  const written = parseDomainElement(root, context, hooks, options.newUuid ?? randomUUID);
  const domain = located(root, () => completeDomain(written, options));
  if (options.skipDefaults === true) return domain;
  const print = (each: Domain): string => formatDomain(each, { inactive: context.inactive, secure: true });
  return readable(root, "DOMAIN", domain, print, GROWTH);
}

/** A configuration as somebody wrote it, made whole and checked as `options` say. */
export function completeDomain(written: Domain, options: ParseOptions = {}): Domain {
  const hooks = options.hooks ?? {};
  const arch = written.os.arch ?? hooks.defaultArch ?? hostArch();
  const named: Domain = { ...written, os: { ...written.os, arch } };
  if (options.skipDefaults === true) return named;
  const how = { ...identities(options), abiUpdate: options.abiUpdate ?? false, inactive: options.inactive ?? true };
  const complete = fillDefaults(named, hooks, how);
  if (options.skipChecks === true) return complete;
  validateDomain(complete, hooks, how);
  return complete;
}

/** What makes up the names of devices that have none. */
export function identities({ hooks, newMac, newUuid }: ParseOptions): NewIdentities {
  return {
    newMac: newMac ?? (() => randomMac(hooks?.macPrefix ?? "52:54:00")),
    newUuid: newUuid ?? randomUUID,
  };
}

function randomMac(prefix: string): string {
  return `${prefix}:${randomByte()}:${randomByte()}:${randomByte()}`;
}

// asking the system for three bytes at a time would take a tenth of the time that a whole document takes
const POOL_BYTES = 1024;
let pool = Buffer.alloc(0);
let used = 0;

function randomByte(): string {
  if (used === pool.length) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  return (pool[used++] ?? 0).toString(16).padStart(2, "0");
}

/** Errors of the later steps know no place; their words mostly tell it. */
function located(root: XmlElement, work: () => Domain): Domain {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VirtError) || error.position !== undefined) throw error;
    const { hint, about, cause } = error;
    const { line, column, name } = elementNamedBy(root, error.detail, hint);
    throw new VirtError(error.code, error.detail, {
      domain: error.domain,
      position: { line, column },
      hint: hint ?? usualHint(error.detail, name),
      ...(about === undefined ? undefined : { about }),
      cause: cause ?? error,
    });
  }
}
