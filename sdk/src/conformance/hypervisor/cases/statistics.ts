import { DOMAIN_STATE, STATS, type TypedParam } from "@polyvisor/core";
import { group, type HypervisorCase, STARTS } from "../case.js";
import { TRAITS } from "../profile.js";

const { quiet } = group("statistics");

const INFO = "domainGetInfo";
const ALL = "connectGetAllDomainStats";

const figure = (params: readonly TypedParam[], field: string) => params.find((param) => param.field === field)?.value;

/** Figures are possible, and agree with one another. */
export const statisticsCases: readonly HypervisorCase[] = [
  quiet("info agrees with the state", [...STARTS, INFO, "domainGetState"], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    const agree = async () => {
      const [info, { state }] = [await api.domainGetInfo({ dom }), await api.domainGetState({ dom, flags: 0 })];
      check.equal(info.state, state, "the state in its info");
      return info;
    };
    await agree();
    await bench.start(dom);
    const { memory, maxMem, nrVirtCpu } = await agree();
    check.ok(memory <= maxMem, `it has ${memory} KiB and may have ${maxMem}`);
    check.ok(nrVirtCpu > 0, "a guest without processors runs");
  }),

  quiet("a guest's time does not go back", [...STARTS, INFO], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.started();
    let last: bigint | number = 0n;
    for (let i = 0; i < 20; i++) {
      const { cpuTime } = await api.domainGetInfo({ dom });
      check.ok(cpuTime >= last, `${cpuTime} ns after ${last} ns`);
      last = cpuTime;
    }
  }),

  quiet("a guest that runs uses time", [...STARTS, INFO, TRAITS.guestsRun], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    check.equal(BigInt((await api.domainGetInfo({ dom })).cpuTime), 0n, "the time that a domain uses which is off");
    await bench.start(dom);
    const { cpuTime } = await api.domainGetInfo({ dom });
    await check.eventually("more time used", async () => (await api.domainGetInfo({ dom })).cpuTime > cpuTime);
  }),

  quiet(
    "a memory that can be had is told alike by all calls",
    [...STARTS, INFO, "domainGetMaxMemory"],
    async (bench) => {
      const dom = await bench.started();
      const { maxMem } = await bench.api.domainGetInfo({ dom });
      bench.check.equal(BigInt(await bench.api.domainGetMaxMemory({ dom })), BigInt(maxMem), "the most memory");
    },
  ),

  quiet(
    "the processors are told alike by all calls",
    [...STARTS, INFO, "domainGetVcpus", "domainGetVcpusFlags"],
    async (bench) => {
      const { api, check } = bench;
      const dom = await bench.started();
      const { nrVirtCpu } = await api.domainGetInfo({ dom });
      check.equal(await api.domainGetVcpusFlags({ dom, flags: 1 }), nrVirtCpu, "processors of the guest");
      const { info } = await api.domainGetVcpus({ dom, maxinfo: 64, maplen: 0 });
      check.equal(info.length, nrVirtCpu, "processors in the list");
      check.equal(
        info.map(({ number }) => number),
        [...info.keys()],
        "their numbers",
      );
    },
  ),

  quiet("all statistics have each domain once, with its state", [...STARTS, ALL, "domainGetState"], async (bench) => {
    const { api, check } = bench;
    const [running, off] = [await bench.started(), await bench.defined()];
    const all = await api.connectGetAllDomainStats({ doms: [], stats: STATS.STATE, flags: 0 });
    for (const dom of [running, off]) {
      const its = all.filter((each) => each.dom.uuid === dom.uuid);
      check.equal(its.length, 1, "how often a domain is there");
      const { state, reason } = await api.domainGetState({ dom, flags: 0 });
      const params = its[0]?.params ?? [];
      check.equal([figure(params, "state.state"), figure(params, "state.reason")], [state, reason], "its state");
    }
  }),

  quiet("statistics of named domains are of those alone", [...STARTS, ALL], async (bench) => {
    const { api, check } = bench;
    const [one, other] = [await bench.started(), await bench.started()];
    void other;
    const some = await api.connectGetAllDomainStats({ doms: [one], stats: 0, flags: 0 });
    check.equal(
      some.map(({ dom }) => dom.uuid),
      [one.uuid],
      "the domains",
    );
    check.equal(figure(some[0]?.params ?? [], "state.state"), DOMAIN_STATE.RUNNING, "its state");
  }),

  quiet("statistics agree with what single calls say", [...STARTS, ALL, INFO], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.started();
    const [stats] = await api.connectGetAllDomainStats({ doms: [dom], stats: STATS.BALLOON | STATS.VCPU, flags: 0 });
    const { maxMem, nrVirtCpu } = await api.domainGetInfo({ dom });
    const params = stats?.params ?? [];
    const maximum = figure(params, "balloon.maximum");
    if (maximum !== undefined) check.equal(BigInt(maximum), BigInt(maxMem), "the most memory");
    const vcpus = figure(params, "vcpu.current");
    if (vcpus !== undefined) check.equal(vcpus, nrVirtCpu, "the processors");
  }),

  quiet("figures of memory are told once each", [...STARTS, "domainMemoryStats"], async (bench) => {
    const dom = await bench.started();
    const stats = await bench.api.domainMemoryStats({ dom, flags: 0 });
    const tags = stats.map(({ tag }) => tag);
    bench.check.equal(new Set(tags).size, tags.length, "the number of different figures");
  }),
];
