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
  [/^string<\d+><\d+>$/, () => [WORD]],
  // What else has a name and a UUID.
  [/^struct\{string<\d+>,opaque\[16\]\}$/, () => ({ name: WORD, uuid: NOBODY })],
];

const PARAMS = [{ field: WORD, type: "int", value: 1 }];

/** Arguments of the right types for a call, about `dom` where they name a domain, and about nothing that is there elsewhere. */
export function sampleArgs(call: Call, dom: Domain, flags = 0): Record<string, unknown> {
  const { shape } = call;
  const byWire = new Set<string>(shape === undefined ? [] : [...Object.values(shape).map(String), "needResults"]);
  const fields = Object.entries(call.args.fields).filter(([name]) => !byWire.has(name));
  return Object.fromEntries(
    fields.map(([name, codec]) => [name, name === "flags" ? flags : sample(codec, codec.layout, dom)]),
  );
}

function sample(codec: unknown, layout: string, dom: Domain): unknown {
  const object = OBJECTS.get(codec);
  if (object !== undefined) return object(dom);
  if (layout === `${typedParam.layout}<${/\d+>$/.exec(layout)?.[0] ?? ""}`) return PARAMS;
  if (/^string<\d+><\d+>$/.test(layout)) return [WORD];
  if (/<\d+>$/.test(layout) && !/^(string|opaque|char)</.test(layout)) return [];
  return KINDS.find(([pattern]) => pattern.test(layout))?.[1](dom) ?? 0;
}

/** Whether the call is about one domain: it names it, or something of it. */
export function namesDomain(call: Call): boolean {
  const codecs = Object.values(call.args.fields) as unknown[];
  return codecs.some((codec) => codec === domain || codec === domainSnapshot || codec === domainCheckpoint);
}

/** Whether it takes flags. */
export function takesFlags(call: Call): boolean {
  return "flags" in call.args.fields;
}
