import { escapeXml } from "@polyvisor/sdk/xml";

/** A managed object: its type, and the server's name of it. */
export interface Ref {
  readonly type: string;
  readonly value: string;
}

/** The parts of a request are text: a request is written once and read by nobody here. */
export function text(name: string, value: string | number | boolean | undefined): string {
  return value === undefined ? "" : `<${name}>${escapeXml(String(value))}</${name}>`;
}

export function ref(name: string, object: Ref | undefined): string {
  return object === undefined ? "" : `<${name} type="${escapeXml(object.type)}">${escapeXml(object.value)}</${name}>`;
}

/** An element with elements in it; of a type of its own where the element's may be one of several. */
export function group(name: string, body: string, type?: string): string {
  return `<${name}${type === undefined ? "" : ` xsi:type="${type}"`}>${body}</${name}>`;
}

/** The envelope of a call. */
export function envelope(method: string, object: Ref, body: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"' +
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">' +
    `<soapenv:Body><${method} xmlns="urn:vim25">${ref("_this", object)}${body}</${method}></soapenv:Body></soapenv:Envelope>`
  );
}
