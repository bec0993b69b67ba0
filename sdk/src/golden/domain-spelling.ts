import { parseNumberSet } from "../conf/index.js";
import { attribute, child, parseInteger, textOf, unitScale, type XmlElement } from "../xml/index.js";
import type { Change, IsHarmless } from "./lossless.js";

/** A kind of change that libvirt makes too when it prints what it read. */
interface Spelling {
  readonly why: string;
  readonly path: RegExp;
  same(change: Change): boolean;
}

const SPELLINGS: readonly Spelling[] = [
  {
    why: "a number is a number in any base and with any zeros",
    path: /@(?!name$)\w+$/,
    same: ({ before, after }) => isNumber(before) && isNumber(after) && Number(before) === Number(after),
  },
  {
    why: "modes of files are octal",
    path: /filesystem@[fd]mode$/,
    same: ({ before = "", after = "" }) => Number.parseInt(before, 8) === Number.parseInt(after, 8),
  },
  {
    why: "a size is printed in the unit that libvirt counts in",
    path: /\/(?:memory|currentMemory|maxMemory|hard_limit|soft_limit|swap_hard_limit|maxpagesize|max_size|page@size|size)$/,
    same: ({ before, after, element, counterpart }) => sizeOf(before, element) === sizeOf(after, counterpart),
  },
  { why: "the unit goes with the size", path: /@unit$/, same: ({ after }) => after !== undefined },
  {
    why: "sets are printed without exclusions",
    path: /@(?:nodeset|cpuset|cpus)$/,
    same: ({ before = "", after }) =>
      after !== undefined && parseNumberSet(before).join() === parseNumberSet(after).join(),
  },
  {
    why: "letter case means nothing in UUIDs, load parameters and models of network cards",
    path: /(?:uuid|boot@loadparm|interface\/model@type)$/,
    same: ({ before, after }) => before?.toLowerCase() === after?.toLowerCase(),
  },
  { why: "schedulers are printed for each thread", path: /sched@(?:vcpus|iothreads)$/, same: inSet },
  { why: "consoles are numbered in their order", path: /console\/target@port$/, same: ({ after }) => isNumber(after) },
  {
    why: "an iSCSI target's first unit is named",
    path: /source@name$/,
    same: ({ before, after }) => `${before}/0` === after,
  },
  {
    why: "memory of nodes that the host chooses makes vCPUs follow",
    path: /^domain\/(?:vcpu@placement|numatune\/memory@nodeset)$/,
    same: ({ after, counterpart }) => after === "auto" || attribute(counterpart ?? NOTHING, "placement") === "auto",
  },
  {
    why: "a clock that was adjusted is variable from then on",
    path: /^domain\/clock@offset$/,
    same: ({ before, element, counterpart }) =>
      attribute(element, "adjustment") !== undefined && attribute(counterpart ?? NOTHING, "basis") === before,
  },
  {
    why: "a drive without medium is a file's",
    path: /disk@type$/,
    same: ({ element, after }) => child(element, "source") === undefined && after === "file",
  },
  {
    why: "what is so anyway is not printed",
    path: /(?:graphics@autoport|video\/model@primary|disk\/target@tray|driver@cache|disk@snapshot)$/,
    same: ({ before = "", after }) => after === undefined && ["no", "closed", "default"].includes(before),
  },
  {
    why: "a screen on a socket listens nowhere else",
    path: /graphics\/listen@(?:type|address)$/,
    same: ({ counterpart }) => attribute(counterpart ?? NOTHING, "type") === "socket",
  },
  {
    why: "a socket whose path the driver makes up has no source yet",
    path: /channel\/source$/,
    same: ({ before, element }) => before === undefined && attribute(element, "path") === undefined,
  },
  {
    why: "only network sockets have a protocol",
    path: /\/protocol$/,
    same: ({ before, element }) => before === undefined && attribute(element, "type") === "raw",
  },
  {
    why: "without a model there is nothing to fall back from",
    path: /^domain\/cpu\/model$/,
    same: ({ before, element }) =>
      before === undefined && attribute(element, "vendor_id") === undefined && textOf(element) === "",
  },
  {
    why: "of the user's metadata each namespace counts once, and nothing without one",
    path: /^domain\/metadata\//,
    same: ({ before }) => before === undefined,
  },
  {
    why: "a limit beyond what can be counted is none",
    path: /^domain\/memtune(?:\/|$)/,
    same: ({ before, element }) => before === undefined && /^[\s\d]*9007199254740991[\s\d]*$/.test(textOf(element)),
  },
  {
    why: "a hypervisor's prefix means its own namespace",
    path: /^domain@xmlns:/,
    same: ({ after }) => after?.startsWith("http://libvirt.org/schemas/domain/") === true,
  },
];

const NOTHING: XmlElement = { name: "", uri: "", attributes: [], children: [], line: 1, column: 1 };

function isNumber(text: string | undefined): boolean {
  return text !== undefined && /^(?:0x[0-9a-f]+|\d+(?:\.\d+)?)$/i.test(text);
}

function inSet({ before = "", after = "" }: Change): boolean {
  return parseNumberSet(before).includes(Number(after));
}

function sizeOf(text: string | undefined, element: XmlElement | undefined): number | undefined {
  const value = parseInteger(text ?? "");
  return value && value * unitScale(attribute(element ?? NOTHING, "unit"), 1024);
}

/** Changes that libvirt makes too when it prints a domain that it read. */
export const isDomainSpelling: IsHarmless = (change) =>
  SPELLINGS.some(({ path, same }) => path.test(change.path) && same(change));
