import { attr, attribute, child, errorAt, oneOf, type XmlElement, type XmlWriter } from "../../xml/index.js";
import { parseWrappingUint32 } from "./uint32.js";
import { parseUuid } from "./uuid.js";

const TYPES = ["802.1Qbg", "802.1Qbh", "openvswitch", "midonet"] as const;
export type VirtualPortType = (typeof TYPES)[number];

export interface VirtualPort {
  readonly type?: VirtualPortType | undefined;
  readonly managerid?: number | undefined;
  readonly typeid?: number | undefined;
  readonly typeidversion?: number | undefined;
  readonly instanceid?: string | undefined;
  readonly profileid?: string | undefined;
  readonly interfaceid?: string | undefined;
}

type Parameter = Exclude<keyof VirtualPort, "type">;

/** In the order in which they are printed. */
const PARAMETERS: readonly Parameter[] = [
  "managerid",
  "typeid",
  "typeidversion",
  "instanceid",
  "interfaceid",
  "profileid",
];

const ALLOWED: Readonly<Record<VirtualPortType, readonly Parameter[]>> = {
  "802.1Qbg": ["managerid", "typeid", "typeidversion", "instanceid"],
  "802.1Qbh": ["profileid"],
  openvswitch: ["interfaceid", "profileid"],
  midonet: ["interfaceid"],
};

/** In the order in which libvirt complains of them. */
const EXTRAS: Readonly<Record<VirtualPortType, readonly Parameter[]>> = {
  "802.1Qbg": ["profileid", "interfaceid"],
  "802.1Qbh": ["managerid", "typeid", "typeidversion", "instanceid", "interfaceid"],
  openvswitch: ["managerid", "typeid", "typeidversion", "instanceid"],
  midonet: [],
};

const PROFILE_ID_LENGTH = 39;

/** What a port of its type cannot be without, in the order in which libvirt asks for it. */
const REQUIRED: Readonly<Record<VirtualPortType, readonly Parameter[]>> = {
  "802.1Qbg": ["managerid", "typeid", "typeidversion"],
  "802.1Qbh": ["profileid"],
  openvswitch: [],
  midonet: ["interfaceid"],
};

export interface VirtualPortRules {
  readonly requireType?: boolean;
  /** With all that its type needs but what `completeVirtualPort` makes up. */
  readonly requireAll?: boolean;
}

export function parseVirtualPort(element: XmlElement, rules: VirtualPortRules = {}): VirtualPort {
  const written = attribute(element, "type");
  const type = TYPES.find((each) => each === written);
  if (written !== undefined && type === undefined) {
    throw errorAt(element, "CONFIG_UNSUPPORTED", `unknown virtualport type ${written}`, oneOf(written, TYPES), "NONE");
  }
  if (type === undefined && rules.requireType === true) {
    throw refused(element, "missing required virtualport type", `Add type='...'. ${oneOf("", TYPES)}`);
  }
  const parameters = child(element, "parameters");
  const port: VirtualPort = parameters === undefined ? { type } : { type, ...parseParameters(parameters) };
  const missing = rules.requireAll === true && type && REQUIRED[type].find((name) => port[name] === undefined);
  if (missing) {
    throw refused(element, `missing ${missing} in <virtualport type='${type}'>`, `Add <parameters ${missing}='...'/>.`);
  }
  const extra = type && EXTRAS[type].find((name) => port[name] !== undefined);
  if (extra !== undefined) {
    const detail = `extra ${extra} unsupported in <virtualport type='${type}'>`;
    throw errorAt(parameters ?? element, "XML_ERROR", detail, `Remove ${extra}.`, "NET");
  }
  return port;
}

function parseParameters(element: XmlElement): Omit<VirtualPort, "type"> {
  const number = (name: string, limit: number, preposition: string): number | undefined => {
    const text = attribute(element, name);
    if (text === undefined) return undefined;
    const value = parseWrappingUint32(text, 0);
    if (value === undefined) throw refused(element, `cannot parse value of ${name} parameter`, "Write a number.");
    if (value <= limit) return value;
    throw refused(element, `value ${preposition} ${name} out of range`, `Write a number up to ${limit}.`);
  };
  const uuid = (name: string): string | undefined => {
    const text = attribute(element, name);
    if (text === undefined) return undefined;
    const value = parseUuid(text);
    if (value === undefined) throw refused(element, `cannot parse ${name} parameter as a uuid`, "Write a UUID.");
    return value;
  };
  const profileid = attribute(element, "profileid");
  if (profileid !== undefined && Buffer.byteLength(profileid) > PROFILE_ID_LENGTH) {
    throw refused(element, "profileid parameter too long", `Write at most ${PROFILE_ID_LENGTH} characters.`);
  }
  return {
    managerid: number("managerid", 0xff, "of"),
    typeid: number("typeid", 0xffffff, "for"),
    typeidversion: number("typeidversion", 0xff, "of"),
    instanceid: uuid("instanceid"),
    profileid: profileid || undefined,
    interfaceid: uuid("interfaceid"),
  };
}

function refused(element: XmlElement, detail: string, hint: string): ReturnType<typeof errorAt> {
  return errorAt(element, "XML_ERROR", detail, hint, "NONE");
}

/** With the ids that tell a guest's card from others where its type has such; a port without a type gets both. */
export function completeVirtualPort(port: VirtualPort, newUuid: () => string): VirtualPort {
  const { type, instanceid, interfaceid } = port;
  const needsInstance = instanceid === undefined && (type === undefined || type === "802.1Qbg");
  const needsInterface = interfaceid === undefined && (type === undefined || type === "openvswitch");
  if (!needsInstance && !needsInterface) return port;
  return {
    ...port,
    instanceid: needsInstance ? newUuid() : instanceid,
    interfaceid: needsInterface ? newUuid() : interfaceid,
  };
}

export function formatVirtualPort(w: XmlWriter, port: VirtualPort | undefined): void {
  if (port === undefined) return;
  const { type } = port;
  const given = PARAMETERS.filter((name) => port[name] !== undefined);
  if (given.length === 0) {
    w.emptyIfAttributes("virtualport", attr("type", type));
    return;
  }
  const shown = type === undefined ? given : given.filter((name) => ALLOWED[type].includes(name));
  w.block("virtualport", attr("type", type), () =>
    w.empty("parameters", shown.map((name) => attr(name, port[name])).join("")),
  );
}
