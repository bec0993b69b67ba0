import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Connection, createHost, DOMAIN_STATE, type Host, type Identity, VirtError } from "@polyvisor/core";
import test from "ava";

const PLUGIN = fileURLToPath(new URL("../..", import.meta.url));
const NAMESPACE = "xmlns:test='http://libvirt.org/schemas/domain/test/1.0'";
const guest = (name: string, more = "") =>
  `<domain type='test' ${NAMESPACE}><name>${name}</name><memory>1024</memory><os><type>hvm</type></os>${more}</domain>`;

/** Some files in a folder of their own, and a host. */
async function withFiles(
  files: Readonly<Record<string, string>>,
  body: (host: Host, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "node-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    await using host = await createHost({ plugins: [PLUGIN] });
    await body(host, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const errorOf = async (opening: Promise<Connection>): Promise<VirtError> => {
  const error = await opening.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof VirtError) return error;
  throw new Error("the node was opened");
};

test("a node is what its file says, and what the files say that it refers to", (t) =>
  withFiles(
    {
      "node.xml": `<node>
        <cpu><mhz>6000</mhz><model>fancy</model><active>50</active><nodes>4</nodes><sockets>4</sockets><cores>4</cores><threads>2</threads></cpu>
        <memory>192000000</memory>
        ${guest("runs")}
        ${guest("off", "<test:runstate>5</test:runstate><test:hasmanagedsave/>")}
        <domain file='parts/paused.xml'/>
        <network file='parts/network.xml'/>
        <pool file='parts/pool.xml'/>
        <interface type='ethernet' name='eth7'/>
        <device><name>toy</name><capability type='system'><hardware><uuid>11111111-2222-3333-4444-555555555556</uuid></hardware><firmware/></capability></device>
        <of-another-version/>
      </node>`,
      "parts/paused.xml": guest("paused", "<test:runstate>3</test:runstate><test:transient/>"),
      "parts/network.xml": "<network><name>net</name></network>",
      "parts/pool.xml":
        "<pool type='dir'><name>pool</name><target><path>/pool</path></target><volume file='parts/volume.xml'/></pool>",
      "parts/volume.xml": "<volume><name>vol</name><capacity>1000</capacity></volume>",
    },
    async (host, folder) => {
      const uri = `test://${folder}/node.xml`;
      await using connection = await host.open(uri);
      const { api } = connection;
      t.is(connection.uri, uri);
      t.deepEqual(await api.nodeGetInfo({}), {
        model: "fancy",
        memory: 192000000,
        cpus: 50,
        mhz: 6000,
        nodes: 4,
        sockets: 4,
        cores: 4,
        threads: 2,
      } as never);
      t.regex(await api.connectGetCapabilities({}), /<cells num='0'>/);
      const states = (await connection.domains()).map(async (domain) => {
        const persistent = await api.domainIsPersistent({ dom: domain });
        const saved = await api.domainHasManagedSaveImage({ dom: domain, flags: 0 });
        return [domain.name, (await domain.state()).state, persistent, saved];
      });
      t.deepEqual(
        (await Promise.all(states)).sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
        [
          ["off", DOMAIN_STATE.SHUTOFF, true, 1],
          ["paused", DOMAIN_STATE.PAUSED, false, 0],
          ["runs", DOMAIN_STATE.RUNNING, true, 0],
        ],
      );
      t.deepEqual(await api.connectListNetworks({}), ["net"]);
      t.deepEqual(await api.connectListInterfaces({}), ["eth7"]);
      const pool = await api.storagePoolLookupByName({ name: "pool" });
      const [vol] = await api.storagePoolListAllVolumes({ pool, flags: 0 });
      t.is(vol?.key, "/pool/vol");
      t.deepEqual(await api.nodeNumOfDevices({ cap: null, flags: 0 }), 1);
      const dom = await api.domainLookupByName({ name: "runs" });
      const { cpumaps } = await api.domainGetVcpus({ dom, maxinfo: 1, maplen: 16 });
      t.true(cpumaps.every((byte) => byte === 255));
    },
  ));

test("each connection to a node's file has a node of its own", (t) =>
  withFiles({ "node.xml": `<node>${guest("a")}</node>` }, async (host, folder) => {
    await using first = await host.open(`test://${folder}/node.xml`);
    await using second = await host.open(`test://${folder}/node.xml`);
    await (await first.domain("a")).undefine();
    await (await first.domain("a")).destroy();
    t.deepEqual(await first.domains(), []);
    t.is((await second.domains()).length, 1);
  }));

test("a domain's snapshots come with it", (t) => {
  const snapshot = (name: string, active: number, more = "") =>
    `<test:domainsnapshot><name>${name}</name><state>running</state><creationTime>1</creationTime>${more}` +
    `<active>${active}</active></test:domainsnapshot>`;
  const one = snapshot("one", 0);
  const two = snapshot("two", 1, "<parent><name>one</name></parent>");
  return withFiles(
    {
      "good.xml": `<node>${guest("a", two + one)}</node>`,
      "orphan.xml": `<node>${guest("a", two)}</node>`,
      "circle.xml": `<node>${guest("a", two + snapshot("one", 0, "<parent><name>two</name></parent>"))}</node>`,
      "both.xml": `<node>${guest("a", snapshot("one", 1) + two)}</node>`,
    },
    async (host, folder) => {
      await using connection = await host.open(`test://${folder}/good.xml`);
      const { api } = connection;
      const dom = await api.domainLookupByName({ name: "a" });
      t.is((await api.domainSnapshotCurrent({ dom, flags: 0 })).name, "two");
      t.is((await api.domainListAllSnapshots({ dom, flags: 0 })).length, 2);
      for (const file of ["orphan.xml", "circle.xml"]) {
        const { message } = await errorOf(host.open(`test://${folder}/${file}`));
        t.is(message, "internal error: Snapshots have inconsistent relations for domain a");
      }
      const both = await errorOf(host.open(`test://${folder}/both.xml`));
      t.is(both.message, "internal error: more than one snapshot claims to be active");
    },
  );
});

test("who may open a node proves it with the URI", (t) =>
  withFiles(
    { "node.xml": "<node><auth><user password='secret'>alice</user><user>bob</user></auth></node>" },
    async (host, folder) => {
      const uri = `test://${folder}/node.xml`;
      await using alice = await host.open(`${uri}?username=alice&password=secret`);
      t.is(alice.uri, uri);
      await using _bob = await host.open(`${uri}?username=bob`);
      t.like(await errorOf(host.open(uri)), {
        code: "INVALID_ARG",
        domain: "AUTH",
        message: "invalid argument: Missing authentication credentials",
      });
      for (const wrong of ["username=alice", "username=alice&password=x", "username=eve&password=secret"]) {
        t.like(await errorOf(host.open(`${uri}?${wrong}`)), { code: "AUTH_FAILED", domain: "TEST" });
      }
    },
  ));

const BAD: Readonly<Record<string, readonly [document: string, message: string]>> = {
  "what is no node": ["<foo/>", "XML error: expecting root element of 'node', not 'foo'"],
  "a number of nodes that is none": [
    "<node><cpu><nodes>x</nodes></cpu></node>",
    "XML error: invalid node cpu nodes value",
  ],
  "a huge machine": ["<node><cpu><cores>100000</cores></cpu></node>", "XML error: a node of 800000 CPUs"],
  "a model with a long name": [
    `<node><cpu><model>${"m".repeat(32)}</model></cpu></node>`,
    `internal error: Model ${"m".repeat(32)} too big for destination`,
  ],
  "a user without a name": [
    "<node><auth><user/></auth></node>",
    "XML error: missing username in /node/auth/user field",
  ],
  "a state that there is not": [
    `<node>${guest("a", "<test:runstate>9</test:runstate>")}</node>`,
    "XML error: runstate '9' out of range'",
  ],
  "a state in words": [
    `<node>${guest("a", "<test:runstate>off</test:runstate>")}</node>`,
    "XML error: invalid runstate",
  ],
  "a transient domain that is off": [
    `<node>${guest("a", "<test:runstate>5</test:runstate><test:transient/>")}</node>`,
    "XML error: transient domain cannot have runstate 'shutoff'",
  ],
  "a saved domain that runs": [
    `<node>${guest("a", "<test:hasmanagedsave/>")}</node>`,
    "XML error: domain with managedsave data can only have runstate 'shutoff'",
  ],
  "two domains of one name": [
    `<node>${guest("a")}${guest("a")}</node>`,
    /^operation failed: domain 'a' already exists with uuid / as never,
  ],
};

for (const [what, [document, message]] of Object.entries(BAD)) {
  test(`a node's file is refused: ${what}`, (t) =>
    withFiles({ "node.xml": document }, async (host, folder) => {
      const error = await errorOf(host.open(`test://${folder}/node.xml`));
      if (typeof message === "string") t.is(error.message, message);
      else t.regex(error.message, message);
    }));
}

test("what cannot be read is no node: nothing, a folder, a pipe, a huge file, a part that is not there", (t) =>
  withFiles(
    { "parts.xml": "<node><domain file='missing.xml'/></node>", "long.xml": `<node>${" ".repeat(5e6)}</node>` },
    async (host, folder) => {
      await promisify(execFile)("mkfifo", [join(folder, "pipe")]);
      for (const [path, about, hint] of [
        ["/nothing.xml", "/nothing.xml", "No such file or directory"],
        ["", "", "it is no regular file"],
        ["/pipe", "/pipe", "it is no regular file"],
        ["/long.xml", "/long.xml", "it is longer than 4194304 bytes"],
        ["/parts.xml", "/missing.xml", "No such file or directory"],
      ] as const) {
        const error = await errorOf(host.open(`test://${folder}${path}`));
        t.like(error, { message: `XML error: failed to parse xml document '${folder}${about}'`, domain: "TEST", hint });
      }
    },
  ));

test("a client reads a node's file with its own rights", (t) =>
  withFiles({ "node.xml": "<node/>" }, async (host, folder) => {
    await chmod(folder, 0o755);
    const uri = `test://${folder}/node.xml`;
    const opened = (identity: Identity, readOnly = false) => host.open(uri, { identity, readOnly });
    t.like(await errorOf(opened({})), { code: "OPERATION_DENIED", hint: "come by the daemon's unix socket" });
    t.like(await errorOf(opened({ uid: process.getuid?.() ?? 0 }, true)), { code: "OPERATION_DENIED" });
    const nobody = { uid: 65534, gid: 65534 };
    if (process.getuid?.() !== 0) {
      t.like(await errorOf(opened(nobody)), { code: "OPERATION_DENIED", hint: "use a daemon of your own" });
      return;
    }
    await using _allowed = await opened(nobody);
    await chmod(join(folder, "node.xml"), 0o600);
    t.like(await errorOf(opened(nobody)), { code: "XML_ERROR", hint: "Permission denied" });
  }));
