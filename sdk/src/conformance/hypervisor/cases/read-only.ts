import { type Call, type HypervisorClient, hypervisorApi, VirtError, XML_FLAG } from "@polyvisor/core";
import { Bench } from "../bench.js";
import { DEFINES, group, type HypervisorCase, STARTS } from "../case.js";
import { sampleArgs } from "../sample-args.js";

const { raw } = group("read-only");

const CALLS = Object.entries(hypervisorApi as Readonly<Record<string, Call>>).filter(([, { by }]) => by === "driver");

/** Why a call is refused, or `undefined` where it is not. */
async function refusal(api: HypervisorClient, name: string, args: unknown): Promise<string | undefined> {
  const calls = api as unknown as Readonly<Record<string, (args: unknown) => Promise<unknown>>>;
  try {
    const answer = await calls[name]?.(args);
    (answer as { destroy?: () => void } | undefined)?.destroy?.();
    return undefined;
  } catch (error) {
    if (error instanceof VirtError) return error.code;
    throw error;
  }
}

const perCall = CALLS.map(([name, call]) =>
  raw(`${name} is ${call.readOnly ? "allowed" : "refused"}`, [...DEFINES, name], async (subject, check) => {
    const bench = await Bench.open(subject, check);
    const looker = await Bench.open(subject, check, { readOnly: true });
    const dom = await bench.defined();
    const before = await bench.portrait(dom);
    const code = await refusal(looker.api, name, sampleArgs(call, dom));
    if (!call.readOnly) check.equal(code, "OPERATION_DENIED", `the answer to ${name}`);
    else check.ok(code !== "OPERATION_DENIED" && code !== "NO_SUPPORT", `${name} only looks, and is refused: ${code}`);
    check.equal(await bench.portrait(dom), before, "the domain");
  }),
);

/** A client that came to look may look, and changes nothing. */
export const readOnlyCases: readonly HypervisorCase[] = [
  ...perCall,
  raw("secrets of a document are not shown", [...DEFINES, "domainGetXMLDesc"], async (subject, check) => {
    const bench = await Bench.open(subject, check);
    const looker = await Bench.open(subject, check, { readOnly: true });
    const dom = await bench.defined();
    await looker.api.domainGetXMLDesc({ dom, flags: 0 });
    for (const flags of [XML_FLAG.SECURE, XML_FLAG.MIGRATABLE])
      await check.refused(looker.api.domainGetXMLDesc({ dom, flags }), "OPERATION_DENIED", `the flags ${flags}`);
  }),
  raw("who looks hears of changes", [...STARTS, "connectDomainEventCallbackRegisterAny"], async (subject, check) => {
    const bench = await Bench.open(subject, check);
    const looker = await subject.open({ readOnly: true });
    check.cleanup(() => looker.close());
    const events = await looker.events({ kinds: ["lifecycle"], signal: check.signal });
    const dom = await bench.defined();
    for await (const event of events) if (event.dom.uuid === dom.uuid) break;
  }),
];
