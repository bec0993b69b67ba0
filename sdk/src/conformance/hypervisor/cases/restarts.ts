import { type Domain, VirtError, XML_FLAG } from "@polyvisor/core";
import { type Check, Deviation } from "../../kit/index.js";
import { Bench } from "../bench.js";
import { DEFINES, group, type HypervisorCase, STARTS } from "../case.js";
import { TRAITS } from "../profile.js";
import type { HypervisorSubject } from "../subject.js";

const { raw } = group("restarts");

const KEEPS = [TRAITS.restarts, TRAITS.keepsDefinitions];
const GUESTS = [TRAITS.restarts, TRAITS.keepsDefinitions, TRAITS.keepsGuests];

async function restarted(subject: HypervisorSubject, check: Check): Promise<Bench> {
  await subject.restart?.();
  return Bench.open(subject, check);
}

/** A domain that outlives the bench that made it: whoever has the last bench forgets it. */
async function kept(subject: HypervisorSubject, check: Check): Promise<{ bench: Bench; dom: Domain }> {
  const bench = await Bench.open(subject, check);
  const [name, uuid] = [check.newName(), check.newUuid()];
  check.cleanup(async () => {
    const last = await Bench.open(subject, check);
    await last.destroy({ name, uuid, id: -1 }).catch(() => {});
    await last.undefine({ name, uuid, id: -1 });
    await last.connection.close();
  });
  return { bench, dom: await bench.define(bench.document(name, uuid)) };
}

/** Calls in the middle of which the driver is ended. */
const KILLED: readonly (readonly [string, (bench: Bench, dom: Domain) => Promise<unknown>])[] = [
  ["domainCreate", (bench, dom) => bench.start(dom)],
  ["domainDestroy", (bench, dom) => bench.destroy(dom)],
  ["domainDefineXML", (bench, dom) => bench.define(bench.document(dom.name, dom.uuid))],
  ["domainUndefine", (bench, dom) => bench.undefine(dom)],
  ["domainSuspend", ({ api }, dom) => api.domainSuspend({ dom })],
  ["domainResume", ({ api }, dom) => api.domainResume({ dom })],
  ["domainManagedSave", ({ api }, dom) => api.domainManagedSave({ dom, flags: 0 })],
  ["domainSetAutostart", ({ api }, dom) => api.domainSetAutostart({ dom, autostart: true })],
  ["domainGetXMLDesc", ({ api }, dom) => api.domainGetXMLDesc({ dom, flags: 0 })],
  ["connectListAllDomains", ({ api }) => api.connectListAllDomains({ flags: 0 })],
];

const kills: readonly HypervisorCase[] = KILLED.map(([name, act]) => ({
  ...raw(`the driver is killed in the middle of ${name}`, [...STARTS, name, TRAITS.killed], async (subject, check) => {
    const { bench, dom } = await kept(subject, check);
    await bench.start(dom);
    const call = act(bench, dom).then(
      () => undefined,
      (error: unknown) => error,
    );
    await subject.kill?.();
    const error = await check.within("the call", call);
    if (error !== undefined && !(error instanceof VirtError)) throw new Deviation(`${error} is no error of the API`);
    const next = await reopened(subject, check);
    const names = (await next.api.connectListAllDomains({ flags: 0 })).map(({ uuid }) => uuid);
    if (!names.includes(dom.uuid)) await next.define(next.document(dom.name, dom.uuid));
    if (!(await next.isActive(dom))) await next.start(dom);
    await next.expectActive(dom, true, "the domain is active");
    await next.destroy(dom);
  }),
}));

/** A connection as soon as there can be one. */
async function reopened(subject: HypervisorSubject, check: Check): Promise<Bench> {
  return check.eventually("a new connection", () => Bench.open(subject, check).catch(() => undefined));
}

/** What is still there after the driver was ended and started. */
export const restartCases: readonly HypervisorCase[] = [
  raw(
    "a definition is kept, with its document and autostart",
    [...DEFINES, ...KEEPS, "domainGetXMLDesc", "domainSetAutostart"],
    async (subject, check) => {
      const { bench, dom } = await kept(subject, check);
      await bench.api.domainSetAutostart({ dom, autostart: true });
      const before = await bench.portrait(dom);
      await bench.api.domainSetAutostart({ dom, autostart: false });
      const without = await bench.portrait(dom);
      check.ok(before.autostart !== without.autostart || !check.claims("domainGetAutostart"), "autostart is not set");
      const after = await restarted(subject, check);
      check.equal(await after.portrait(dom), without, "the domain");
    },
  ),

  raw(
    "what was defined anew is kept as it was defined last",
    [...DEFINES, ...KEEPS, "domainGetXMLDesc"],
    async (subject, check) => {
      const { bench, dom } = await kept(subject, check);
      await bench.define(bench.document(dom.name, dom.uuid).replace("</name>", "</name><title>second</title>"));
      const after = await restarted(subject, check);
      const xml = await after.api.domainGetXMLDesc({ dom, flags: XML_FLAG.INACTIVE });
      check.ok(xml.includes("<title>second</title>"), "the last definition is lost");
    },
  ),

  raw("a definition that was given up stays gone", [...DEFINES, ...KEEPS], async (subject, check) => {
    const { bench, dom } = await kept(subject, check);
    await bench.undefine(dom);
    const after = await restarted(subject, check);
    check.ok(!(await after.exists(dom)), "it is there again");
  }),

  raw(
    "a guest runs on, with its id, state and document",
    [...STARTS, ...GUESTS, "domainGetXMLDesc"],
    async (subject, check) => {
      const { bench, dom } = await kept(subject, check);
      await bench.start(dom);
      const before = await bench.portrait(dom);
      const after = await restarted(subject, check);
      check.equal(await after.portrait(dom), before, "the domain");
      await after.destroy(dom);
      await after.expectActive(dom, false, "the domain is active");
    },
  ),

  raw(
    "a paused guest is paused afterwards",
    [...STARTS, ...GUESTS, "domainSuspend", "domainResume", "domainGetState"],
    async (subject, check) => {
      const { bench, dom } = await kept(subject, check);
      await bench.start(dom);
      await bench.api.domainSuspend({ dom });
      const before = await bench.status(dom);
      const after = await restarted(subject, check);
      check.equal(await after.status(dom), before, "what it does");
      await after.api.domainResume({ dom });
      await after.expectActive(dom, true, "the domain is active");
    },
  ),

  raw(
    "a created guest runs on and is gone after its end",
    [...STARTS, ...GUESTS, "domainCreateXML"],
    async (subject, check) => {
      const { bench, dom } = await kept(subject, check);
      await bench.undefine(dom);
      await bench.api.domainCreateXML({ xmlDesc: bench.document(dom.name, dom.uuid), flags: 0 });
      const after = await restarted(subject, check);
      await after.expectActive(dom, true, "the domain is active");
      await after.destroy(dom);
      check.ok(!(await after.exists(dom)), "it is still there after its end");
    },
  ),

  ...kills,
];
