import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost, type Host, LIST_DOMAINS_FLAG, type VirtError } from "@polyvisor/core";
import { TestAuthority } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";
import { addMachine, type StandIn, type StandInOptions, startStandIn } from "./testing/stand-in/index.js";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const LOGIN = { user: "admin", password: "geheim" };
const DEVICES = "<devices><controller type='scsi' index='0'/></devices>";
const MACHINE = `<domain type='hyperv'><name>box</name><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type>hvm</type></os>${DEVICES}</domain>`;
const CARD = "<interface type='bridge'><source bridge='External'/></interface>";

interface Made {
  readonly host: Host;
  readonly standIn: StandIn;
  readonly uri: string;
}

/** A host with the plugin, and a stand-in for the server that it reaches. */
async function make(
  t: ExecutionContext,
  options: Partial<StandInOptions> = {},
  values: Record<string, string | number> = {},
): Promise<Made> {
  t.timeout(120_000);
  const folder = await mkdtemp(join(tmpdir(), "hyperv-"));
  const auth_file = join(folder, "auth.conf");
  await writeFile(auth_file, `[credentials-a]\npassword=${LOGIN.password}\n[auth-hyperv-127.0.0.1]\ncredentials=a\n`);
  const host = await createHost({
    plugins: [PACKAGE],
    pluginConfiguration: { hyperv: { values: { auth_file, ...values } } },
  });
  const standIn = await startStandIn({ ...LOGIN, ...options });
  t.teardown(async () => {
    await host.close();
    standIn.close();
    await rm(folder, { recursive: true });
  });
  const transport = options.tls === undefined ? "?transport=http" : "";
  return { host, standIn, uri: `hyperv://${LOGIN.user}@127.0.0.1:${standIn.port}/${transport}` };
}

const refused = (t: ExecutionContext, work: Promise<unknown>) => t.throwsAsync<VirtError>(work, { name: "VirtError" });

test("the older calls say and do what the newer ones do, on a stand-in", async (t) => {
  const { host, uri } = await make(t);
  const { api } = await host.open(uri);
  t.is(await api.connectGetType({}), "Hyper-V");
  t.is(Number(await api.nodeGetFreeMemory({})), 4 * 1024 ** 3);
  t.is(await api.connectGetMaxVcpus({ type: null }), 64);
  const dom = await api.domainDefineXML({ xml: MACHINE });
  t.is(await api.connectNumOfDomains({}), 0);
  t.is(await api.connectNumOfDefinedDomains({}), 1);
  t.deepEqual(await api.connectListDefinedDomains({ maxnames: 10 }), ["box"]);
  t.is(await api.domainGetOSType({ dom }), "hvm");
  t.true(await api.domainIsPersistent({ dom }));
  t.false(await api.domainIsUpdated({ dom }));
  await api.domainSetMaxMemory({ dom, memory: 131_072n });
  await api.domainSetMemory({ dom, memory: 65_536n });
  await api.domainSetVcpus({ dom, nvcpus: 2 });
  t.is(Number(await api.domainGetMaxMemory({ dom })), 131_072);
  const { memory, nrVirtCpu } = await api.domainGetInfo({ dom });
  t.deepEqual([Number(memory), nrVirtCpu], [65_536, 2]);
  t.is(await api.domainGetMaxVcpus({ dom }), 64);
  const { info, cpumaps } = await api.domainGetVcpus({ dom, maxinfo: 8, maplen: 1 });
  t.deepEqual([info.length, cpumaps.length], [2, 2]);
  t.deepEqual(await api.domainGetSchedulerType({ dom }), { type: "allocation", nparams: 3 });
  const params = await api.domainGetSchedulerParameters({ dom, nparams: 3 });
  t.deepEqual(
    params.map(({ field }) => field),
    ["limit", "reservation", "weight"],
  );
  t.deepEqual(await api.domainGetSchedulerParametersFlags({ dom, nparams: 3, flags: 0 }), params);
  await api.domainAttachDevice({ dom, xml: CARD });
  await api.domainAttachDeviceFlags({ dom, xml: CARD, flags: 0 });
  await api.domainCreate({ dom });
  const [id = -1] = await api.connectListDomains({ maxids: 10 });
  t.is((await api.domainLookupByID({ id })).uuid, dom.uuid);
  t.is((await refused(t, api.domainLookupByID({ id: id + 1 })))?.code, "NO_DOMAIN");
  t.true(await api.domainIsActive({ dom }));
  await api.domainShutdown({ dom });
  t.false(await api.domainIsActive({ dom }));
  t.like(await api.domainCreateWithFlags({ dom, flags: 0 }), { name: "box" });
  await api.domainShutdownFlags({ dom, flags: 0 });
  await api.domainCreate({ dom });
  await api.domainDestroy({ dom });
  await api.domainCreate({ dom });
  await api.domainDestroyFlags({ dom, flags: 0 });
  await api.domainUndefine({ dom });
  t.is((await refused(t, api.domainGetState({ dom, flags: 0 })))?.code, "NO_DOMAIN");
  t.is(await api.connectNumOfNetworks({}), 1);
  t.deepEqual(await api.connectListNetworks({ maxnames: 10 }), ["External"]);
  t.is(await api.connectNumOfDefinedNetworks({}), 0);
  t.deepEqual(await api.connectListDefinedNetworks({ maxnames: 10 }), []);
});

test("a definition that goes wrong in the middle leaves nothing, and what is there is not defined anew", async (t) => {
  const { host, uri } = await make(t);
  const { api } = await host.open(uri);
  const wrong = MACHINE.replace("</devices>", "<interface type='bridge'><source bridge='none'/></interface></devices>");
  t.is((await refused(t, api.domainDefineXML({ xml: wrong })))?.code, "NO_NETWORK");
  t.is(await api.connectNumOfDefinedDomains({}), 0);
  const dom = await api.domainDefineXML({ xml: MACHINE });
  const shown = await api.domainGetXMLDesc({ dom, flags: 0 });
  t.is((await refused(t, api.domainDefineXML({ xml: shown })))?.code, "DOM_EXIST");
  await api.domainUndefine({ dom });
  const again = await api.domainDefineXML({ xml: shown });
  const same = (xml: string) => xml.replace(/<uuid>.*/, "");
  t.is(same(await api.domainGetXMLDesc({ dom: again, flags: 0 })), same(shown), "what is shown can be defined");
});

test("a list is one exchange, and two machines of one name are told apart", async (t) => {
  const { host, standIn, uri } = await make(t, { pageSize: 1000 });
  const { api } = await host.open(uri);
  for (let at = 0; at < 100; at++) addMachine(standIn.world, `machine-${at % 99}`);
  const before = standIn.exchanges;
  const flags = LIST_DOMAINS_FLAG.ACTIVE | LIST_DOMAINS_FLAG.INACTIVE;
  const domains = await api.connectListAllDomains({ flags });
  t.is(domains.length, 100);
  t.is(standIn.exchanges - before, 1);
  t.is((await api.domainLookupByName({ name: "machine-1" })).name, "machine-1");
  t.is((await refused(t, api.domainLookupByName({ name: "machine-0" })))?.code, "MULTIPLE_DOMAINS");
});

test("a server that falls silent in the middle: calls end with an error, others are not delayed", async (t) => {
  const { host, standIn, uri } = await make(t, {}, { timeout: 12 });
  const other = await startStandIn(LOGIN);
  t.teardown(() => other.close());
  const { api } = await host.open(uri);
  standIn.silence();
  const hanging = refused(t, api.connectGetHostname({}));
  const second = await host.open(`hyperv://${LOGIN.user}@127.0.0.1:${other.port}/?transport=http`);
  t.is(await second.api.connectGetHostname({}), "standin");
  const error = await hanging;
  t.regex(error?.message ?? "", /Transport error during enumeration: Operation timed out/);
  t.truthy(error?.hint);
});

test("no password is known; a client may not choose the file with passwords", async (t) => {
  const { host } = await make(t);
  t.like(await refused(t, host.open("hyperv://admin@192.0.2.1/")), {
    code: "AUTH_FAILED",
    detail: "Password request failed",
  });
  t.like(await refused(t, host.open("hyperv://192.0.2.1/")), { detail: "Username request failed" });
});

test("a certificate must be good, unless the URI or the settings say otherwise", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "hyperv-tls-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const authority = await TestAuthority.create(folder);
  await authority.issue("server", "host", ["IP:127.0.0.1"]);
  const text = (name: string) => readFile(join(folder, name), "utf8");
  const tls = { key: await text("serverkey.pem"), cert: await text("servercert.pem") };
  const distrusting = await make(t, { tls });
  const error = await refused(t, distrusting.host.open(distrusting.uri));
  t.regex(error?.message ?? "", /SSL peer certificate was not OK \(60\)/);
  t.regex(error?.hint ?? "", /ca_file/);
  const anyone = await distrusting.host.open(`${distrusting.uri}?no_verify=1`);
  t.is(await anyone.api.connectGetHostname({}), "standin");
  for (const login of ["Basic", "Negotiate"] as const) {
    const trusting = await make(t, { tls, logins: [login] }, { ca_file: authority.ca });
    const { api } = await trusting.host.open(trusting.uri);
    t.is(await api.connectGetHostname({}), "standin", login);
  }
});
