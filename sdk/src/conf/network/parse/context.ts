import type { ErrorName, VirtError } from "@polyvisor/core";
import { attribute, childElements, errorAt, parseInteger, type XmlElement } from "../../../xml/index.js";
import { type IpFamily, parseIpAddress } from "../../common/index.js";

/** An error of a network's configuration, at an element. */
export function netError(element: XmlElement, code: ErrorName, detail: string, hint?: string): VirtError {
  return errorAt(element, code, detail, hint, "NETWORK");
}

/** Throws an error about the element that is being read. */
export type Refuse = (detail: string, hint: string) => never;

/** An attribute that counts as absent when it is empty. */
export function filled(element: XmlElement | undefined, name: string): string | undefined {
  return (element && attribute(element, name)) || undefined;
}

/** The first child of that name that has the attribute. */
export function childWith(parent: XmlElement, name: string, attributeName: string): XmlElement | undefined {
  return childElements(parent, name).find((each) => attribute(each, attributeName) !== undefined);
}

/** A number from an attribute; an empty attribute counts as absent. */
export function unsigned(element: XmlElement, name: string): number | "invalid" | undefined {
  const text = filled(element, name);
  return text === undefined ? undefined : (parseInteger(text, { max: 0xffffffff }) ?? "invalid");
}

export const ADDRESS_HINT = "Write a numeric address, such as 192.168.122.1 or fd00::1.";

/** An address, with the resolver's complaint where it is none. */
export function socketAddress(element: XmlElement, text: string, family?: IpFamily): string {
  const address = parseIpAddress(text, family);
  if (address !== undefined) return address;
  const detail = `Cannot parse socket address '${text}': Name or service not known`;
  throw errorAt(element, "SYSTEM_ERROR", detail, ADDRESS_HINT, "NONE");
}
