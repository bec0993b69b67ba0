import { randomUUID } from "node:crypto";
import { escapeXml } from "@polyvisor/sdk/xml";
import { namespaceUri, resourceUri } from "./names.js";
import { type Parameter, parameterXml, type Selectors, selectorSet } from "./parameters.js";

const ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
const ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
const WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL";
/** As many items as a server may put into one answer. */
const ITEMS_MAX = 32_000;

/** Where requests go, and how long the server may work on one. */
export interface Endpoint {
  /** Such as `https://host:5986/wsman`. */
  readonly url: string;
  /** In milliseconds. */
  readonly patience: number;
}

/** A call of a method of an object. */
export interface Invocation {
  readonly className: string;
  readonly selectors: Selectors;
  readonly method: string;
  readonly parameters: readonly Parameter[];
}

/** Asks for the objects that a query finds, and for as many of them as fit with the answer itself. */
export function enumerateRequest(to: Endpoint, className: string, query: string): string {
  const filter = `<w:Filter Dialect="${WQL}">${escapeXml(query)}</w:Filter>`;
  const body = `<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>${ITEMS_MAX}</w:MaxElements>${filter}</n:Enumerate>`;
  return envelope(to, namespaceUri(className), `${ENUMERATION}/Enumerate`, body);
}

/** Asks for more of what was found. */
export function pullRequest(to: Endpoint, className: string, context: string): string {
  const body = `<n:Pull>${contextXml(context)}<n:MaxElements>${ITEMS_MAX}</n:MaxElements></n:Pull>`;
  return envelope(to, namespaceUri(className), `${ENUMERATION}/Pull`, body);
}

/** Tells that nobody wants the rest. */
export function releaseRequest(to: Endpoint, className: string, context: string): string {
  const body = `<n:Release>${contextXml(context)}</n:Release>`;
  return envelope(to, namespaceUri(className), `${ENUMERATION}/Release`, body);
}

export function invokeRequest(to: Endpoint, { className, selectors, method, parameters }: Invocation): string {
  const uri = resourceUri(className);
  const body = `<p:${method}_INPUT xmlns:p="${uri}">${parameters.map(parameterXml).join("")}</p:${method}_INPUT>`;
  return envelope(to, uri, `${uri}/${method}`, body, selectorSet(selectors));
}

function contextXml(context: string): string {
  return `<n:EnumerationContext>${escapeXml(context)}</n:EnumerationContext>`;
}

function envelope({ url, patience }: Endpoint, resource: string, action: string, body: string, more = ""): string {
  const must = 's:mustUnderstand="true"';
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"' +
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"' +
    ` xmlns:n="${ENUMERATION}" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header>` +
    `<a:To ${must}>${escapeXml(url)}</a:To><w:ResourceURI ${must}>${resource}</w:ResourceURI>` +
    `<a:ReplyTo><a:Address ${must}>${ANONYMOUS}</a:Address></a:ReplyTo><a:Action ${must}>${action}</a:Action>` +
    `<a:MessageID>uuid:${randomUUID()}</a:MessageID><w:OperationTimeout>PT${(patience / 1000).toFixed(3)}S</w:OperationTimeout>` +
    `${more}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
  );
}
