import { attribute, child, parseInteger, textOf, type XmlElement } from "../../xml/index.js";
import { errorsOf, textAt } from "../document.js";

export const nodeDeviceError = errorsOf("NODEDEV");

/** How a document is read, and what its device is called in errors. */
export interface NodeDeviceContext {
  readonly name: string;
  /** A device that is to be made: it has no name or number yet. */
  readonly create: boolean;
  /** Makes up a world wide name where none is given. */
  readonly newWwn: (() => string) | undefined;
}

const UINT_MAX = 4294967295;

/** A text that must be there; `missing` is libvirt's message up to the device's name. */
export function requiredText(element: XmlElement, name: string, missing: string, context: NodeDeviceContext): string {
  const text = textAt(element, name);
  if (text !== undefined) return text;
  throw nodeDeviceError(element, "INTERNAL_ERROR", `${missing} for '${context.name}'`, `Add <${name}>.`);
}

/** A number that must be there; libvirt's messages begin with "no" and "invalid" and go on with `what`. */
export function requiredNumber(
  element: XmlElement,
  name: string,
  what: string,
  context: NodeDeviceContext,
  max = UINT_MAX,
): number {
  const text = textAt(element, name);
  if (text === undefined) {
    throw nodeDeviceError(element, "INTERNAL_ERROR", `no ${what} supplied for '${context.name}'`, `Add <${name}>.`);
  }
  const value = parseInteger(text, { max });
  if (value !== undefined) return value;
  const at = child(element, name) ?? element;
  throw nodeDeviceError(at, "INTERNAL_ERROR", `invalid ${what} supplied for '${context.name}'`, "Write a number.");
}

/** The hexadecimal `id` of a vendor or product, and the name that stands beside it. */
export function parseMaker(
  element: XmlElement,
  name: "vendor" | "product",
  bus: "PCI" | "USB",
  context: NodeDeviceContext,
): { readonly id: number; readonly name: string | undefined } {
  const what = `${bus} ${name} ID supplied for '${context.name}'`;
  const found = child(element, name);
  const written = found === undefined ? undefined : attribute(found, "id") || undefined;
  if (found === undefined || written === undefined) {
    throw nodeDeviceError(found ?? element, "INTERNAL_ERROR", `no ${what}`, `Add <${name} id='0x...'/>.`);
  }
  const id = parseInteger(written, { base: 16, max: UINT_MAX });
  if (id === undefined)
    throw nodeDeviceError(found, "INTERNAL_ERROR", `invalid ${what}`, "Write a hexadecimal number.");
  return { id, name: textOf(found) || undefined };
}

/** The type of a `<capability>` inside another one, of the words that may stand there. */
export function innerType(element: XmlElement, missing: string): string {
  const type = attribute(element, "type");
  if (type === undefined) throw nodeDeviceError(element, "INTERNAL_ERROR", missing, "Add type='...'.");
  return type;
}
