import { VirtError } from "@polyvisor/core";
import { attr, childElements, parseXml, serializeXml, withoutBlanks } from "../../xml/index.js";
import { formatDomain } from "../domain/format/domain.js";
import type { Domain, NamespaceData } from "../domain/model/index.js";
import { completeDomain, type ParseOptions, parseDomain } from "../domain/read.js";
import { checkDomainJson } from "./check.js";
import type { DomainJson, NamespaceJson } from "./model.js";

/** A domain as plain data for JSON, which `domainFromJson` reads again. */
export function domainToJson(domain: Domain): DomainJson {
  const { metadata, namespace, ...rest } = domain;
  const [element] = metadata ?? [];
  const json: DomainJson = {
    ...rest,
    metadata: element && serializeXml(element, 0, false),
    namespace: namespace && {
      prefix: namespace.prefix,
      uri: namespace.uri,
      elements: namespace.elements.map((each) => serializeXml(withoutBlanks(each), 0, false)),
    },
  };
  return withoutAbsent(json);
}

/** JSON has no value for what is not set. */
function withoutAbsent<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/**
 * A domain from data that came as JSON: checked against the schema, made whole, and checked by every rule that holds for XML.
 *
 * Throws `INVALID_ARG` with the path of the first thing that is not of the schema, else what `parseDomain` throws.
 */
export function domainFromJson(value: unknown, options: ParseOptions = {}): Domain {
  const { metadata, namespace, ...rest } = checkDomainJson(value);
  const written: Domain = {
    ...rest,
    metadata: metadata === undefined ? undefined : [withoutBlanks(readPart(metadata, "/metadata"))],
    namespace: namespace && readNamespace(namespace),
  };
  return withoutPlace(() => {
    const domain = completeDomain(written, options);
    if (options.skipDefaults !== true)
      parseDomain(formatDomain(domain, { secure: true }), { ...options, inactive: true });
    return domain;
  });
}

function readPart(xml: string, path: string): ReturnType<typeof parseXml> {
  return parseXml(xml, { documentName: path, errorDomain: "DOMAIN" });
}

/** The elements stand in the domain's document, which declares their prefix. */
function readNamespace({ prefix, uri, elements }: NamespaceJson): NamespaceData {
  if (!/^[A-Za-z_][\w.-]*$/.test(prefix)) {
    const hint = "Write a name, such as qemu.";
    throw new VirtError("INVALID_ARG", `/namespace/prefix: '${prefix}' is no prefix`, { domain: "DOMAIN", hint });
  }
  const read = elements.flatMap((xml, at) => {
    const around = `<domain${attr(`xmlns:${prefix}`, uri)}>${xml}</domain>`;
    return childElements(withoutBlanks(readPart(around, `/namespace/elements/${at}`)));
  });
  return { prefix, uri, elements: read };
}

/** Where an error stands in XML says nothing to somebody who wrote JSON. */
function withoutPlace(work: () => Domain): Domain {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VirtError) || error.position === undefined) throw error;
    const { hint } = error;
    throw new VirtError(error.code, error.detail, {
      domain: error.domain,
      ...(hint === undefined ? undefined : { hint }),
      cause: error,
    });
  }
}
