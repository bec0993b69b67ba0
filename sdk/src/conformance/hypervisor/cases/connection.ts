import { LIST_DOMAINS_FLAG } from "@polyvisor/core";
import { parseXml } from "../../../xml/index.js";
import { Bench } from "../bench.js";
import { DEFINES, group, type HypervisorCase, STARTS } from "../case.js";

const { quiet, raw } = group("connection");

const LIST = "connectListAllDomains";

/** What a connection tells of the hypervisor, the host and all domains. */
export const connectionCases: readonly HypervisorCase[] = [
  quiet(
    "it has a URI, and the hypervisor a name, a version and a host",
    ["connectGetType", "connectGetVersion"],
    async ({ check, connection, api }) => {
      check.ok(/^[a-z0-9+]+:\/\//.test(connection.uri), `${connection.uri} is no URI`);
      check.ok((await api.connectGetType({})) !== "", "the hypervisor has no name");
      check.ok((await api.connectGetVersion({})) > 0, "the hypervisor has no version");
      if (check.claims("connectGetHostname"))
        check.ok((await api.connectGetHostname({})) !== "", "the host has no name");
    },
  ),

  quiet("the capabilities are a document", ["connectGetCapabilities"], async ({ check, api }) => {
    check.equal(parseXml(await api.connectGetCapabilities({})).name, "capabilities", "the root element");
  }),

  quiet("the host has processors and memory", ["nodeGetInfo"], async ({ check, api }) => {
    const info = await api.nodeGetInfo({});
    check.ok(info.cpus > 0 && info.memory > 0, "a host without processors or memory");
    check.ok(
      info.nodes * info.sockets * info.cores * info.threads >= info.cpus,
      "its topology has room for all its processors",
    );
    if (check.claims("nodeGetFreeMemory"))
      check.ok(
        BigInt(await api.nodeGetFreeMemory({})) <= BigInt(info.memory) * 1024n,
        "more memory is free than there is",
      );
  }),

  quiet("a guest may have a processor at least", ["connectGetMaxVcpus"], async ({ check, api }) => {
    check.ok((await api.connectGetMaxVcpus({ type: null })) > 0, "no guest may have a processor");
  }),

  raw("closing one leaves the others alone", DEFINES, async (subject, check) => {
    const bench = await Bench.open(subject, check);
    const dom = await bench.defined();
    const other = await subject.open();
    await other.api.domainLookupByUUID({ uuid: dom.uuid });
    await other.close();
    check.ok(await bench.exists(dom), "the domain is gone with somebody else's connection");
  }),

  quiet("lists and counts agree", [...STARTS, LIST, "connectListDomains", "connectNumOfDomains"], async (bench) => {
    const { api, check } = bench;
    const running = await bench.started();
    const off = await bench.defined();
    const active = await api.connectListAllDomains({ flags: LIST_DOMAINS_FLAG.ACTIVE });
    check.ok((await api.connectListDomains({})).includes(running.id), "the list of ids lacks a domain that runs");
    check.ok(
      active.some(({ id }) => id === running.id),
      "the list of active domains lacks one",
    );
    check.ok((await api.connectNumOfDomains({})) >= 1, "no domain is counted while one runs");
    if (!check.claims("connectListDefinedDomains")) return;
    const names = await api.connectListDefinedDomains({});
    check.ok(names.includes(off.name), "the list of defined domains lacks one that is off");
    check.ok(!names.includes(running.name), "the list of defined domains that are off has one that runs");
  }),

  quiet("the list of all domains has each that its flags select, and no other", [...STARTS, LIST], async (bench) => {
    const running = await bench.started();
    const off = await bench.defined();
    const expectIn = async (flag: keyof typeof LIST_DOMAINS_FLAG, inIt: readonly string[]) => {
      const list = await bench.api.connectListAllDomains({ flags: LIST_DOMAINS_FLAG[flag] });
      const seen = list.map(({ uuid }) => uuid).filter((uuid) => uuid === running.uuid || uuid === off.uuid);
      bench.check.equal(seen.sort(), [...inIt].sort(), `the list with ${flag}`);
    };
    await expectIn("ACTIVE", [running.uuid]);
    await expectIn("INACTIVE", [off.uuid]);
    await expectIn("PERSISTENT", [running.uuid, off.uuid]);
    await expectIn("TRANSIENT", []);
    await expectIn("RUNNING", [running.uuid]);
    await expectIn("SHUTOFF", [off.uuid]);
    await expectIn("PAUSED", []);
  }),

  quiet(
    "a paused domain is in the lists of all, of active and of paused ones",
    [...STARTS, LIST, "domainSuspend"],
    async (bench) => {
      const dom = await bench.started();
      await bench.api.domainSuspend({ dom });
      for (const flags of [0, LIST_DOMAINS_FLAG.ACTIVE, LIST_DOMAINS_FLAG.PAUSED]) {
        const list = await bench.api.connectListAllDomains({ flags });
        bench.check.ok(
          list.some(({ uuid }) => uuid === dom.uuid),
          `the list with flags ${flags} lacks a paused domain`,
        );
      }
      const list = await bench.api.connectListAllDomains({ flags: LIST_DOMAINS_FLAG.RUNNING });
      bench.check.ok(!list.some(({ uuid }) => uuid === dom.uuid), "the list of running domains has a paused one");
    },
  ),

  quiet("each domain is in the list once", [...DEFINES, LIST], async (bench) => {
    await Promise.all(Array.from({ length: 5 }, () => bench.defined()));
    const uuids = (await bench.api.connectListAllDomains({ flags: 0 })).map(({ uuid }) => uuid);
    bench.check.equal(new Set(uuids).size, uuids.length, "the number of different domains");
  }),
];
