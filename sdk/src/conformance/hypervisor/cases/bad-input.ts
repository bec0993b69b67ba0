import { type Call, type ErrorName, type HypervisorClient, hypervisorApi, VirtError } from "@polyvisor/core";
import { brief, type Check, Deviation } from "../../kit/index.js";
import type { Bench } from "../bench.js";
import { DEFINES, group, type HypervisorCase } from "../case.js";
import { NEEDS_DESCRIPTOR, namesDomain, sampleArgs, takesFlags, takesParams } from "../sample-args.js";

const { quiet } = group("bad input");

const CALLS = Object.entries(hypervisorApi as Readonly<Record<string, Call>>).filter(
  ([name, { by }]) => by === "driver" && !NEEDS_DESCRIPTOR.has(name),
);

/** No call of libvirt has it. */
const UNKNOWN_FLAG = 0x2000_0000;
/** Where 29 bits are taken, as the statistics and the pools' lists have them. */
const OTHER_FLAG: Readonly<Record<string, number>> = { connectGetAllDomainStats: 0x0800_0000 };

/** What an object is called where none is there. */
const NOT_THERE: readonly ErrorName[] = [
  "NO_DOMAIN",
  "NO_DOMAIN_SNAPSHOT",
  "NO_DOMAIN_CHECKPOINT",
  // The other arguments are none that anybody has a use for, and may be looked at first.
  "INVALID_ARG",
  "ARGUMENT_UNSUPPORTED",
  "XML_ERROR",
  "XML_DETAIL",
];
/** Faults of the client's. What is a fault of the hypervisor's or the daemon's is no answer to bad input. */
const CLIENTS_FAULT: readonly ErrorName[] = [
  "INVALID_ARG",
  "OPERATION_INVALID",
  "OPERATION_DENIED",
  "OPERATION_UNSUPPORTED",
  "CONFIG_UNSUPPORTED",
  "ARGUMENT_UNSUPPORTED",
  "NO_DOMAIN",
  "NO_DOMAIN_SNAPSHOT",
  "NO_DOMAIN_CHECKPOINT",
  "NO_DOMAIN_METADATA",
  "XML_ERROR",
  "XML_DETAIL",
  "OVERFLOW",
  "DEVICE_MISSING",
];

const HUGE = 1 << 20;

/** Makes a call by its name, and closes what a call that was not refused has opened. */
async function make(api: HypervisorClient, name: string, args: unknown, signal: AbortSignal): Promise<unknown> {
  const calls = api as unknown as Readonly<Record<string, (args: unknown, more: object) => Promise<unknown>>>;
  const answer = await calls[name]?.(args, { signal });
  (answer as { destroy?: () => void } | undefined)?.destroy?.();
  return answer;
}

async function refusedWith(bench: Bench, name: string, args: unknown, codes: readonly ErrorName[], what: string) {
  const { check, api } = bench;
  const answer = make(api, name, args, check.signal);
  const error = await answer.then(
    (value: unknown) => check.fail(`${name} with ${what}: an error is right, ${brief(value)} came`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof Deviation) throw error;
  if (!(error instanceof VirtError))
    throw new Deviation(`${name} with ${what}: ${brief(error)} is no error of the API`);
  if (error.code === "NO_SUPPORT") throw new Deviation(`${name} is claimed and answers NO_SUPPORT`);
  if (!codes.includes(error.code)) throw new Deviation(`${name} with ${what}: ${brief(error)} does not say so`);
}

/** Of each claimed call that names a domain: one that is not there. */
const unknownDomain = CALLS.filter(([, call]) => namesDomain(call)).map(([name, call]) =>
  quiet(`${name} of a domain that is not there`, [...DEFINES, name], async (bench) => {
    const nobody = { name: bench.check.newName(), uuid: bench.check.newUuid(), id: -1 };
    await refusedWith(bench, name, sampleArgs(call, nobody), NOT_THERE, "an unknown domain");
  }),
);

/** Of each claimed call that takes flags: one that nobody has, on a domain that is off. */
const unknownFlags = CALLS.filter(([, call]) => takesFlags(call)).map(([name, call]) =>
  quiet(`${name} with an unknown flag`, [...DEFINES, name], async (bench) => {
    const dom = await bench.defined();
    const before = await bench.portrait(dom);
    const args = sampleArgs(call, dom, OTHER_FLAG[name] ?? UNKNOWN_FLAG);
    await refusedWith(bench, name, args, objectsOf(name), "an unknown flag");
    bench.check.equal(await bench.portrait(dom), before, "the domain");
  }),
);

/** Of each claimed call that takes parameters for a domain: one that nobody has, on a domain that is off. */
const unknownParams = CALLS.filter(([, call]) => namesDomain(call) && takesParams(call)).map(([name, call]) =>
  quiet(`${name} with an unknown parameter`, [...DEFINES, name], async (bench) => {
    const dom = await bench.defined();
    const before = await bench.portrait(dom);
    await refusedWith(bench, name, sampleArgs(call, dom), CLIENTS_FAULT, "an unknown parameter");
    bench.check.equal(await bench.portrait(dom), before, "the domain");
  }),
);

/** What calls about other things than domains answer first: the thing is not there. */
function objectsOf(name: string): readonly ErrorName[] {
  const found = OTHER_OBJECTS.find(([pattern]) => pattern.test(name));
  return [...CLIENTS_FAULT, ...(found === undefined ? [] : found[1])];
}

const OTHER_OBJECTS: readonly (readonly [RegExp, readonly ErrorName[]])[] = [
  [/network/i, ["NO_NETWORK", "NO_NETWORK_PORT"]],
  [/storage/i, ["NO_STORAGE_POOL", "NO_STORAGE_VOL"]],
  [/secret/i, ["NO_SECRET"]],
  [/nwfilter/i, ["NO_NWFILTER", "NO_NWFILTER_BINDING"]],
  [/interface/i, ["NO_INTERFACE"]],
  [/nodeDevice/i, ["NO_NODE_DEVICE"]],
];

/** Of each claimed call that takes text and a domain: none, and a megabyte of it. */
const badText = CALLS.filter(([, call]) => namesDomain(call) && texts(call).length > 0).map(([name, call]) =>
  quiet(`${name} with no text and with a megabyte`, [...DEFINES, name], async (bench) => {
    const dom = await bench.defined();
    for (const text of ["", "x".repeat(HUGE)]) {
      const before = await bench.portrait(dom);
      const args = { ...sampleArgs(call, dom), ...Object.fromEntries(texts(call).map((field) => [field, text])) };
      const what = text === "" ? "no text" : "a megabyte of text";
      if (await isRefused(bench, name, args, what))
        bench.check.equal(await bench.portrait(dom), before, `the domain after ${name} was refused with ${what}`);
    }
  }),
);

/** Any error of the API is right; a success is where the hypervisor has a use for such text. */
async function isRefused(bench: Bench, name: string, args: unknown, what: string): Promise<boolean> {
  const call = make(bench.api, name, args, bench.check.signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  const error = await bench.check.within(`${name} with ${what}`, call);
  if (error === undefined || error instanceof VirtError) return error !== undefined;
  throw new Deviation(`${name} with ${what}: ${brief(error)} is no error of the API`);
}

function texts(call: Call): string[] {
  return Object.entries(call.args.fields)
    .filter(([, { layout }]) => /^string<\d+>\??$/.test(layout))
    .map(([name]) => name);
}

const NO_DOCUMENTS: Readonly<Record<string, string>> = {
  nothing: "",
  "no XML": "domain",
  "XML that ends too early": "<domain type='test'><name>x</name>",
  "another document": "<network><name>x</name></network>",
  "a document with a DOCTYPE": "<!DOCTYPE domain [<!ENTITY x 'y'>]><domain type='test'><name>&x;</name></domain>",
  "an empty document": "<domain/>",
  "a document of an unknown type":
    "<domain type='no-such-type'><name>x</name><memory>1</memory><os><type>hvm</type></os></domain>",
};
const XML_FAULTS: readonly ErrorName[] = [
  "XML_ERROR",
  "XML_DETAIL",
  "NO_NAME",
  "INVALID_ARG",
  "CONFIG_UNSUPPORTED",
  "OS_TYPE",
  "INTERNAL_ERROR",
];

async function refuseDocument(bench: Bench, what: string, xml: string, check: Check): Promise<void> {
  const names = async () => (await bench.api.connectListAllDomains({ flags: 0 })).map(({ name }) => name).sort();
  const before = await names();
  const define = bench.define(xml);
  define.then((dom) => bench.forget(dom)).catch(() => {});
  await check.refused(define, XML_FAULTS, `a definition with ${what}`);
  if (check.claims("domainCreateXML"))
    await check.refused(bench.api.domainCreateXML({ xmlDesc: xml, flags: 0 }), XML_FAULTS, `a creation with ${what}`);
  const added = (await names()).filter((name) => !before.includes(name) && !name.startsWith("conformance"));
  check.equal(added, [], "domains that are new");
}

const documents = Object.entries(NO_DOCUMENTS).map(([what, xml]) =>
  quiet(`a definition with ${what}`, [...DEFINES, "connectListAllDomains"], (bench) =>
    refuseDocument(bench, what, xml, bench.check),
  ),
);

const definitions: readonly HypervisorCase[] = [
  quiet("a bad definition of a domain that is there leaves it as it is", DEFINES, async (bench) => {
    const dom = await bench.defined();
    const before = await bench.portrait(dom);
    const xml = bench.document(dom.name, dom.uuid);
    for (const bad of [xml.replace(/<memory/, "<memory unit='no-such-unit' x"), xml.slice(0, -9)])
      await bench.check.refused(bench.define(bad), undefined, "a bad definition");
    bench.check.equal(await bench.portrait(dom), before, "the domain");
  }),

  quiet("names that no domain may have", DEFINES, async (bench) => {
    for (const name of ["", "with/slash", "with\nline break"]) {
      const uuid = bench.check.newUuid();
      bench.forget({ name, uuid, id: -1 });
      await bench.check.refused(
        bench.define(bench.document(name, uuid)),
        undefined,
        `the name ${JSON.stringify(name)}`,
      );
      bench.check.ok(!(await bench.exists({ uuid })), "the domain is there");
    }
  }),

  quiet("a UUID that is none", [...DEFINES, "domainLookupByName"], async (bench) => {
    const name = bench.check.newName();
    await bench.check.refused(bench.define(bench.document(name, "no-uuid")), undefined, "a UUID that is none");
    await bench.check.refused(bench.api.domainLookupByName({ name }), "NO_DOMAIN", "the domain");
  }),

  quiet(
    "after a call that was refused a domain can be changed at once",
    [...DEFINES, "domainCreate", "domainDestroy"],
    async (bench) => {
      const { check, api } = bench;
      const dom = await bench.defined();
      const refusals: readonly (readonly [string, () => Promise<unknown>])[] = [
        ["domainSuspend", () => api.domainSuspend({ dom })],
        ["domainResume", () => api.domainResume({ dom })],
        ["domainShutdown", () => api.domainShutdown({ dom })],
        ["domainReset", () => api.domainReset({ dom, flags: 0 })],
        ["domainDestroy", () => api.domainDestroy({ dom })],
        ["domainAttachDevice", () => api.domainAttachDevice({ dom, xml: "<no-such-device/>" })],
        ["domainSetMemory", () => api.domainSetMemory({ dom, memory: 1n << 60n })],
        ["domainManagedSave", () => api.domainManagedSave({ dom, flags: 0 })],
      ];
      for (const [name, act] of refusals.filter(([call]) => check.claims(call))) {
        await check.refused(act(), undefined, `${name} of a domain that is off`);
        await check.within(`a start after ${name} was refused`, bench.start(dom)).catch((error: unknown) => {
          throw new Deviation(`a start after ${name} was refused: ${brief(error)}`);
        });
        await bench.destroy(dom);
      }
    },
  ),
];

/** What is wrong in what a client asks for: an error says so, and nothing changes. */
export const badInputCases: readonly HypervisorCase[] = [
  ...documents,
  ...definitions,
  ...unknownDomain,
  ...unknownFlags,
  ...unknownParams,
  ...badText,
];
