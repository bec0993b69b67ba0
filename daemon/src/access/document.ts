import type { ObjectAttributes, TypedParam } from "@polyvisor/core";
import { child, childAttribute, childText, parseXml, type XmlElement } from "@polyvisor/sdk/xml";
import type { Args } from "../rpc/table.js";

/** The arguments that carry the document of an object that is to be made. */
const FIELDS = ["xml", "xmlDesc", "domXml", "xmlin", "dxml"];

/** What the parameters of a migration call the document, and the name that the domain is to get. */
const [DEST_XML, DEST_NAME] = ["destination_xml", "destination_name"];

/** The attributes under which a policy knows an object by its document's name and UUID. */
const PREFIXES: Readonly<Record<string, string>> = { storage_pool: "pool", storage_vol: "vol" };

/**
 * What a client's document says of the object that it is to become: there is no other before it is made. Throws where it
 * is no document, as the call itself would.
 */
export function documentAttributes(object: string, args: Args): ObjectAttributes {
  const text = FIELDS.map((field) => args[field]).find((value) => typeof value === "string") ?? param(args, DEST_XML);
  const other = object === "domain" ? (args.dname ?? param(args, DEST_NAME)) : undefined;
  const renamed: ObjectAttributes = typeof other === "string" ? { domain_name: other } : {};
  if (typeof text !== "string" || text === "") return renamed;
  const root = parseXml(text);
  if (object === "secret") return secretAttributes(root);
  if (object === "nwfilter_binding") return bindingAttributes(root);
  if (object === "network_port") return portAttributes(root);
  const prefix = PREFIXES[object] ?? object;
  const name = childText(root, "name");
  const uuid = childText(root, "uuid");
  return {
    ...(name === undefined ? {} : { [`${prefix}_name`]: name }),
    ...(uuid === undefined ? {} : { [`${prefix}_uuid`]: uuid }),
    ...renamed,
  };
}

/** The value of one of a call's typed parameters. */
export function param(args: Args, name: string): unknown {
  return (args.params as readonly TypedParam[] | undefined)?.find(({ field }) => field === name)?.value;
}

function portAttributes(root: XmlElement): ObjectAttributes {
  const uuid = childText(root, "uuid");
  return uuid === undefined ? {} : { port_uuid: uuid };
}

function bindingAttributes(root: XmlElement): ObjectAttributes {
  const told = {
    nwfilter_binding_portdev: childAttribute(root, "portdev", "name"),
    nwfilter_binding_linkdev: childAttribute(root, "linkdev", "name"),
    nwfilter_binding_filter: childAttribute(root, "filterref", "filter"),
  };
  return Object.fromEntries(Object.entries(told).filter(([, text]) => text !== undefined)) as ObjectAttributes;
}

function secretAttributes(root: XmlElement): ObjectAttributes {
  const usage = child(root, "usage");
  const uuid = childText(root, "uuid");
  const told = ["volume", "target", "name"].map((name) => [name, usage && childText(usage, name)] as const);
  const found = told.find(([, text]) => text !== undefined);
  return {
    ...(uuid === undefined ? {} : { secret_uuid: uuid }),
    ...(found === undefined ? {} : { [`secret_usage_${found[0]}`]: String(found[1]) }),
  };
}
