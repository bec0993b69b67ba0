import { attr, attribute, childElements, type XmlElement, type XmlWriter } from "../../xml/index.js";
import { errorsOf } from "../document.js";
import type { RbdOption, StoragePool } from "./model.js";
import { FS_NAMESPACE, RBD_NAMESPACE, type StoragePoolType } from "./types.js";

const storageError = errorsOf("STORAGE");

/** A type's own options: the list's name, and the namespace of the list and of each `option` in it. */
interface OptionList {
  readonly prefix: string;
  readonly uri: string;
  readonly list: string;
}

const FS_OPTIONS: OptionList = { ...FS_NAMESPACE, list: "mount_opts" };
const RBD_OPTIONS: OptionList = { ...RBD_NAMESPACE, list: "config_opts" };

/** Whether an element of the pool is the list of its type's own options. */
export function isOptionList(element: XmlElement, type: StoragePoolType): boolean {
  const own = type === "rbd" ? RBD_OPTIONS : type === "fs" || type === "netfs" ? FS_OPTIONS : undefined;
  return own !== undefined && element.uri === own.uri && localName(element) === own.list;
}

export function parseMountOptions(root: XmlElement): readonly string[] | undefined {
  const options = optionElements(root, FS_OPTIONS).map((option) => {
    const name = attribute(option, "name");
    if (name === undefined)
      throw storageError(option, "XML_ERROR", "no fs mount option name specified", "Add name='...'.");
    return name;
  });
  return options.length === 0 ? undefined : options;
}

export function parseConfigOptions(root: XmlElement): readonly RbdOption[] | undefined {
  const options = optionElements(root, RBD_OPTIONS).map((option) => {
    const name = attribute(option, "name");
    if (!name) {
      const what = name === undefined ? "no rbd option name specified" : "empty rbd option name specified";
      throw storageError(option, "XML_ERROR", what, "Add name='...'.");
    }
    const value = attribute(option, "value");
    if (!value) {
      const what = value === undefined ? "no" : "empty";
      const detail = `${what} rbd option value specified for name '${name}'`;
      throw storageError(option, "XML_ERROR", detail, "Add value='...'.");
    }
    return { name, value };
  });
  return options.length === 0 ? undefined : options;
}

function optionElements(root: XmlElement, { uri, list }: OptionList): readonly XmlElement[] {
  return childElements(root)
    .filter((each) => each.uri === uri && localName(each) === list)
    .flatMap((each) => childElements(each))
    .filter((each) => each.uri === uri && localName(each) === "option");
}

function localName(element: XmlElement): string {
  return element.name.slice(element.name.indexOf(":") + 1);
}

/** The declaration of the namespace that the pool's options are in, as an attribute; nothing without options. */
export function optionNamespace(pool: StoragePool): string {
  const own = optionsOf(pool);
  return own === undefined ? "" : attr(`xmlns:${own.kind.prefix}`, own.kind.uri);
}

export function formatOptions(w: XmlWriter, pool: StoragePool): void {
  const own = optionsOf(pool);
  if (own === undefined) return;
  const { prefix, list } = own.kind;
  w.block(`${prefix}:${list}`, "", () => {
    for (const attributes of own.options) w.empty(`${prefix}:option`, attributes);
  });
}

function optionsOf(pool: StoragePool): { readonly kind: OptionList; readonly options: readonly string[] } | undefined {
  if ("mountOptions" in pool && pool.mountOptions !== undefined) {
    return { kind: FS_OPTIONS, options: pool.mountOptions.map((name) => attr("name", name)) };
  }
  if ("configOptions" in pool && pool.configOptions !== undefined) {
    const options = pool.configOptions.map(({ name, value }) => attr("name", name) + attr("value", value));
    return { kind: RBD_OPTIONS, options };
  }
  return undefined;
}
