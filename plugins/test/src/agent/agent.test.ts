import test from "ava";
import { withConnection } from "../testing/behaving.js";

test("the agent tells of users, the system, disks and cards, each where it is asked for", (t) =>
  withConnection(async ({ api }) => {
    const dom = await api.domainLookupByName({ name: "test" });
    const fields = async (types: number) =>
      (await api.domainGetGuestInfo({ dom, types, flags: 0 })).map(({ field }) => field.split(".")[0]);
    t.deepEqual([...new Set(await fields(0))], ["user", "os", "timezone", "hostname", "fs", "disk", "if"]);
    const [card] = await api.domainInterfaceAddresses({ dom, source: 1, flags: 0 });
    const INTERFACES = 64;
    const told = await api.domainGetGuestInfo({ dom, types: INTERFACES, flags: 0 });
    t.is(told.find(({ field }) => field === "if.0.addr.0.addr")?.value, card?.addrs[0]?.addr);
    const HOSTNAME = 8;
    t.deepEqual(await fields(HOSTNAME), ["hostname"]);
    await t.throwsAsync(() => fields(1 << 10), {
      message: "argument unsupported: unsupported guest information types '0x400'",
    });
  }));

test("the guest's CPUs but the first go to sleep, until the guest boots", (t) =>
  withConnection(async ({ api }) => {
    const dom = await api.domainLookupByName({ name: "test" });
    const vcpus = async () =>
      (await api.domainGetGuestVcpus({ dom, flags: 0 })).map(({ field, value }) => [field, value]);
    const set = (cpumap: string, state: number) => api.domainSetGuestVcpus({ dom, cpumap, state, flags: 0 });
    t.deepEqual(await vcpus(), [
      ["vcpus", "0-1"],
      ["online", "0-1"],
      ["offlinable", "1"],
    ]);
    await set("1", 0);
    t.deepEqual((await vcpus())[1], ["online", "0"]);
    await t.throwsAsync(() => set("0", 0), { message: "Operation not supported: vCPU '0' is not offlinable" });
    await t.throwsAsync(() => set("1,7-8", 1), { message: "invalid argument: guest is missing vCPUs '7-8'" });
    await api.domainDestroy({ dom });
    await api.domainCreate({ dom });
    t.deepEqual((await vcpus())[1], ["online", "0-1"]);
  }));

test("keys of the guest's users are set, added and removed", (t) =>
  withConnection(async ({ api }) => {
    const dom = await api.domainLookupByName({ name: "test" });
    const set = (keys: string[], flags: number) => api.domainAuthorizedSSHKeysSet({ dom, user: "root", keys, flags });
    const keys = () => api.domainAuthorizedSSHKeysGet({ dom, user: "root", flags: 0 });
    t.deepEqual(await keys(), []);
    await set(["a", "b"], 0);
    await set(["b", "c"], 1);
    t.deepEqual(await keys(), ["a", "b", "c"]);
    await set(["a"], 2);
    t.deepEqual(await keys(), ["b", "c"]);
  }));

test("how long to wait for the agent is a number from -2 on", (t) =>
  withConnection(async ({ api }) => {
    const dom = await api.domainLookupByName({ name: "test" });
    t.is(await api.domainAgentSetResponseTimeout({ dom, timeout: -2, flags: 0 }), 0);
    await t.throwsAsync(() => api.domainAgentSetResponseTimeout({ dom, timeout: -3, flags: 0 }), {
      message: "invalid argument: guest agent timeout '-3' is less than the minimum '-2'",
    });
  }));
