import type { Domain } from "@polyvisor/core";
import { XML_FLAG } from "@polyvisor/core";
import { child, childElements, parseXml } from "../../../xml/index.js";
import type { Bench } from "../bench.js";
import { DEFINES, group, type HypervisorCase, STARTS } from "../case.js";

const { quiet } = group("devices");

const [LIVE, CONFIG] = [1, 2];
const PLUGS = ["domainAttachDeviceFlags", "domainDetachDeviceFlags", "domainGetXMLDesc"];
const BAD = [
  "XML_ERROR",
  "XML_DETAIL",
  "INTERNAL_ERROR",
  "INVALID_ARG",
  "CONFIG_UNSUPPORTED",
  "NO_TARGET",
  "NO_SOURCE",
] as const;

/** How many devices of a device's kind the domain has: with it may come others that it needs, such as a controller. */
async function devices({ api }: Bench, dom: Domain, xml: string, flags: number): Promise<number> {
  const list = child(parseXml(await api.domainGetXMLDesc({ dom, flags })), "devices");
  return list === undefined ? 0 : childElements(list, parseXml(xml).name).length;
}

/** Devices that are plugged in and out. */
export const deviceCases: readonly HypervisorCase[] = [
  quiet("a device is added to a definition and taken away", [...DEFINES, ...PLUGS, "device"], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    const xml = check.fixture("device");
    const before = await devices(bench, dom, xml, 0);
    await api.domainAttachDeviceFlags({ dom, xml, flags: CONFIG });
    check.equal(await devices(bench, dom, xml, 0), before + 1, "the number of such devices");
    await api.domainDetachDeviceFlags({ dom, xml, flags: CONFIG });
    check.equal(await devices(bench, dom, xml, 0), before, "the number of such devices afterwards");
  }),

  quiet("a device is plugged into a guest and out of it", [...STARTS, ...PLUGS, "liveDevice"], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.started();
    const xml = check.fixture("liveDevice");
    const count = (flags: number) => devices(bench, dom, xml, flags);
    const [before, defined] = [await count(0), await count(XML_FLAG.INACTIVE)];
    await api.domainAttachDeviceFlags({ dom, xml, flags: LIVE });
    check.equal(await count(0), before + 1, "the number of such devices that the guest has");
    check.equal(await count(XML_FLAG.INACTIVE), defined, "the number of them in its definition");
    await api.domainDetachDeviceFlags({ dom, xml, flags: LIVE });
    await check.eventually("the device is gone", async () => (await count(0)) === before);
  }),

  quiet("a device that is no device is refused", [...DEFINES, ...PLUGS], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    const before = await bench.portrait(dom);
    for (const xml of ["", "<", "<no-such-device/>", "<disk/>"]) {
      await check.refused(api.domainAttachDeviceFlags({ dom, xml, flags: CONFIG }), BAD, `attaching ${xml}`);
      await check.refused(api.domainDetachDeviceFlags({ dom, xml, flags: CONFIG }), undefined, `detaching ${xml}`);
    }
    check.equal(await bench.portrait(dom), before, "the domain");
  }),

  quiet("a device that is not there cannot be taken away", [...DEFINES, ...PLUGS, "device"], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    const before = await bench.portrait(dom);
    const absent = api.domainDetachDeviceFlags({ dom, xml: check.fixture("device"), flags: CONFIG });
    await check.refused(absent, ["DEVICE_MISSING", "INVALID_ARG", "OPERATION_FAILED", "INTERNAL_ERROR"], "a detach");
    check.equal(await bench.portrait(dom), before, "the domain");
  }),

  quiet("nothing is plugged into a guest that does not run", [...DEFINES, ...PLUGS, "device"], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    const plug = api.domainAttachDeviceFlags({ dom, xml: check.fixture("device"), flags: LIVE });
    await check.refused(plug, "OPERATION_INVALID", "a device for a guest that does not run");
  }),
];
