import {
  type Call,
  type Domain,
  domain,
  domainCheckpoint,
  domainSnapshot,
  networkInterface,
  networkPort,
  nodeDevice,
  nwfilterBinding,
  secret,
  storageVol,
  typedParam,
  uuid,
} from "@polyvisor/core";

const WORD = "no-such-thing";
const NOBODY = "00000000-0000-4000-8000-00000000c0de";

/** Calls that are nothing without an open descriptor. */
export const NEEDS_DESCRIPTOR: ReadonlySet<string> = new Set(["domainOpenGraphics", "domainFDAssociate"]);

type Sample = (dom: Domain) => unknown;

/** Objects that are not there, but for the domain. */
const OBJECTS = new Map<unknown, Sample>([
  [domain, (dom) => dom],
  [uuid, () => NOBODY],
  [domainSnapshot, (dom) => ({ name: WORD, dom })],
  [domainCheckpoint, (dom) => ({ name: WORD, dom })],
  [networkPort, () => ({ net: { name: WORD, uuid: NOBODY }, uuid: NOBODY })],
  [storageVol, () => ({ pool: WORD, name: WORD, key: WORD })],
  [nodeDevice, () => ({ name: WORD })],
  [networkInterface, () => ({ name: WORD, mac: "52:54:00:c0:de:00" })],
  [nwfilterBinding, () => ({ portdev: WORD, filtername: WORD })],
  [secret, () => ({ uuid: NOBODY, usageType: 0, usageID: WORD })],
]);

/** What other types take, by the beginning of their layout. */
const KINDS: readonly (readonly [RegExp, Sample])[] = [
  [/\?$/, () => null],
  [/^string</, () => WORD],
  [/^u?hyper$/, () => 1n],
  [/^(uint|int|u?char|u?short)$/, () => 1],
  [/^double$/, () => 1],
  [/^opaque\[16\]$/, () => NOBODY],
  [/^opaque/, () => Buffer.from([1])],
  [/^char[<[]/, () => WORD],
  // What else has a name and a UUID.
  [/^struct\{string<\d+>,opaque\[16\]\}$/, () => ({ name: WORD, uuid: NOBODY })],
];

const PARAMS = [{ field: WORD, type: "int", value: 1 }];

/** Arguments of the right types for a call, about `dom` where they name a domain, and about nothing that is there elsewhere. */
export function sampleArgs(call: Call, dom: Domain, flags = 0): Record<string, unknown> {
  // What decides which permissions are needed is left as harmless as can be.
  const deciding = new Set(call.acl.map(({ when }) => when?.argument));
  const fields = Object.entries(call.args.fields).filter(([name]) => name !== wiresOwn(call));
  return Object.fromEntries(
    fields.map(([name, codec]) => [
      name,
      name === "flags" ? flags : deciding.has(name) ? 0 : sample(codec, codec.layout, dom),
    ]),
  );
}

/** The argument that the wire alone has. */
function wiresOwn({ shape }: Call): string | undefined {
  if (shape === undefined || "returns" in shape) return undefined;
  if ("list" in shape) return "needResults";
  return "upTo" in shape ? shape.limit : shape.count;
}

const isParams = (layout: string) => layout.startsWith(`${typedParam.layout}<`);

function sample(codec: unknown, layout: string, dom: Domain): unknown {
  const object = OBJECTS.get(codec);
  if (object !== undefined) return object(dom);
  if (isParams(layout)) return PARAMS;
  if (/^string<\d+><\d+>$/.test(layout)) return [WORD];
  if (/^(uint|uhyper)<\d+>$/.test(layout)) return [1];
  if (/<\d+>$/.test(layout) && !/^(string|opaque|char)</.test(layout)) return [];
  const kind = KINDS.find(([pattern]) => pattern.test(layout));
  return kind === undefined ? 0 : kind[1](dom);
}

/** Whether the call is about one domain: it names it, or something of it. */
export function namesDomain(call: Call): boolean {
  const codecs = Object.values(call.args.fields) as unknown[];
  return codecs.some((codec) => codec === domain || codec === domainSnapshot || codec === domainCheckpoint);
}

/** Whether it takes typed parameters. */
export function takesParams(call: Call): boolean {
  return Object.values(call.args.fields).some(({ layout }) => isParams(layout));
}

/** Whether it takes flags. */
export function takesFlags(call: Call): boolean {
  return "flags" in call.args.fields;
}
