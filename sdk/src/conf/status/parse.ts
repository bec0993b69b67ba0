import {
  attribute,
  child,
  childElements,
  enumAttribute,
  integerAttribute,
  requiredAttribute,
  requiredEnum,
  textOf,
  type XmlElement,
} from "../../xml/index.js";
import { errorsOf, oneWord, parseDocument } from "../document.js";
import { DOMAIN_TAINTS, type StatusDocument } from "./model.js";
import { DOMAIN_STATE_NAMES, type DomainStateWords, reasonsOf, stateWords } from "./states.js";

const KIND = { root: "domstatus", documentName: "(domain_status)", errorDomain: "DOMAIN", ours: true } as const;
const FRAME: ReadonlySet<string> = new Set(["taint", "deprecation", "domain"]);
const error = errorsOf(KIND.errorDomain);

/** Takes a status document apart. Throws `VirtError` in libvirt's words, with the place. */
export function parseStatusDocument(xml: string): StatusDocument {
  const root = parseDocument(xml, KIND);
  const domain = child(root, "domain");
  if (domain === undefined) throw error(root, "INTERNAL_ERROR", "no domain config", "Add <domain>.");
  const taints = new Set(childElements(root, "taint").map((taint) => enumAttribute(taint, "flag", DOMAIN_TAINTS)));
  return {
    frame: {
      status: parseState(root),
      pid: parsePid(root),
      taints: DOMAIN_TAINTS.filter((taint) => taints.has(taint)),
      deprecations: childElements(root, "deprecation").map(textOf),
    },
    driver: childElements(root).filter((element) => !FRAME.has(element.name)),
    domain,
  };
}

function parseState(root: XmlElement): DomainStateWords {
  const state = requiredEnum(root, "state", DOMAIN_STATE_NAMES);
  const written = attribute(root, "reason") ?? "unknown";
  const words = `invalid domain state reason '${written}'`;
  const reason = oneWord(written, reasonsOf(state), (hint) => error(root, "CONFIG_UNSUPPORTED", words, hint));
  return stateWords(state, reason) ?? { state: "nostate", reason: "unknown" };
}

function parsePid(root: XmlElement): number {
  requiredAttribute(root, "pid");
  return integerAttribute(root, "pid", { signed: true }) ?? 0;
}
