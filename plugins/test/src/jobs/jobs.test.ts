import { type Connection, DOMAIN_STATE, type Domain, VirtError } from "@polyvisor/core";
import test from "ava";
import { guestXml, listen, until, withConnection } from "../testing/behaving.js";
import { JOB_TYPE } from "./report.js";

const COMPLETED = 1;
const BACKUP = "<domainbackup/>";

const typeOf = async ({ api }: Connection, dom: Domain) => (await api.domainGetJobStats({ dom, flags: 0 })).type;
const figure = (params: readonly { field: string; value: unknown }[], field: string) =>
  params.find((param) => param.field === field)?.value;

test("a save takes the time that it is told to, and tells its end", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const dom = await connection.define(guestXml("a", "<sim:job operation='save' seconds='0.1'/>"));
    await dom.create();
    const heard = await listen(connection);
    t.is(await typeOf(connection, dom), JOB_TYPE.NONE);
    const saving = api.domainManagedSave({ dom, flags: 0 });
    const stats = await api.domainGetJobStats({ dom, flags: 0 });
    t.is(stats.type, JOB_TYPE.BOUNDED);
    t.is(figure(stats.params, "operation"), 2);
    t.is(Number(figure(stats.params, "memory_total")), 1024 * 1024);
    t.is((await api.connectListAllDomainJobs({ flags: 0 }))[0]?.api, "domainManagedSave");
    await saving;
    t.is(await api.domainHasManagedSaveImage({ dom, flags: 0 }), 1);
    await until(() => heard.some(({ kind }) => kind === "jobCompleted"));
    const completed = heard.find((event) => event.kind === "jobCompleted");
    t.true(completed?.kind === "jobCompleted" && figure(completed.params, "success") === true);
    t.is((await api.domainGetJobStats({ dom, flags: COMPLETED })).type, JOB_TYPE.COMPLETED);
    t.is((await api.domainGetJobStats({ dom, flags: COMPLETED })).type, JOB_TYPE.NONE);
  }));

test("a job that hangs goes on, ever slower, until somebody aborts it; the domain runs on", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const dom = await connection.createXML(guestXml("a", "<sim:job operation='dump' hangs='yes'/>"));
    const dumping = api.domainCoreDump({ dom, to: "/nowhere/dump", flags: 0 });
    const failed = t.throwsAsync(dumping, { message: "operation aborted: domain core dump job: canceled by client" });
    const processed = async () => Number((await api.domainGetJobInfo({ dom })).memProcessed);
    const first = await processed();
    await until(async () => (await processed()) > first);
    t.is(await typeOf(connection, dom), JOB_TYPE.UNBOUNDED);
    await api.domainAbortJob({ dom });
    await failed;
    t.is((await dom.state()).state, DOMAIN_STATE.RUNNING);
    t.is((await api.domainGetJobStats({ dom, flags: COMPLETED })).type, JOB_TYPE.CANCELLED);
    await t.throwsAsync(() => api.domainAbortJob({ dom }), {
      message: "Requested operation is not valid: no job is active on the domain",
    });
  }));

test("a job ends with its guest, and with its caller", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const dom = await connection.define(guestXml("a", "<sim:job operation='save' hangs='yes'/>"));
    await dom.create();
    const saving = t.throwsAsync(() => api.domainSave({ dom, to: "/nowhere" }), {
      message: "operation failed: domain is not running",
    });
    await until(async () => (await typeOf(connection, dom)) === JOB_TYPE.UNBOUNDED);
    await dom.destroy();
    await saving;
    await dom.create();
    const caller = new AbortController();
    const left = t.throwsAsync(() => api.domainSave({ dom, to: "/nowhere" }, { signal: caller.signal }));
    await until(async () => (await typeOf(connection, dom)) === JOB_TYPE.UNBOUNDED);
    caller.abort();
    await left;
    t.is(await typeOf(connection, dom), JOB_TYPE.NONE);
  }));

test("a job that is to fail fails when its time is over", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const behaviour = "<sim:job operation='save' seconds='0.05' fails='disk full' code='OPERATION_FAILED'/>";
    const dom = await connection.createXML(guestXml("a", behaviour));
    await t.throwsAsync(() => api.domainSave({ dom, to: "/nowhere" }), { message: "operation failed: disk full" });
    t.true(await api.domainIsActive({ dom }));
    const { type, params } = await api.domainGetJobStats({ dom, flags: COMPLETED });
    t.is(type, JOB_TYPE.FAILED);
    t.is(figure(params, "errmsg"), "operation failed: disk full");
  }));

test("a backup that is pushed ends by itself, one that is pulled with its client", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const dom = await connection.createXML(guestXml("a", "<sim:job operation='backup' seconds='0.1'/>"));
    const heard = await listen(connection);
    const none = { message: "Domain backup job id not found: no domain backup job present" };
    await t.throwsAsync(() => api.domainBackupGetXMLDesc({ dom, flags: 0 }), none);
    const checkpointXml = "<domaincheckpoint><name>one</name></domaincheckpoint>";
    await api.domainBackupBegin({ dom, backupXml: BACKUP, checkpointXml, flags: 0 });
    t.regex(await api.domainBackupGetXMLDesc({ dom, flags: 0 }), /<disk name='vda' backup='yes' type='file'/);
    await t.throwsAsync(() => api.domainBackupBegin({ dom, backupXml: BACKUP, checkpointXml: null, flags: 0 }), {
      message: "Requested operation is not valid: another backup job is already running",
    });
    await until(() => heard.some(({ kind }) => kind === "jobCompleted"));
    await t.throwsAsync(() => api.domainBackupGetXMLDesc({ dom, flags: 0 }), none);
    t.is((await api.domainListAllCheckpoints({ dom, flags: 0 }))[0]?.name, "one");

    const pull = `<domainbackup mode='pull'><incremental>one</incremental><server transport='tcp' name='localhost'/>
      <disks><disk name='vda' backup='yes' type='file'><scratch file='/scratch'/></disk></disks></domainbackup>`;
    await api.domainBackupBegin({ dom, backupXml: pull, checkpointXml: null, flags: 0 });
    t.is(await typeOf(connection, dom), JOB_TYPE.UNBOUNDED);
    await api.domainAbortJob({ dom });
    await until(async () => (await typeOf(connection, dom)) === JOB_TYPE.NONE);
    await t.throwsAsync(
      () => api.domainBackupBegin({ dom, backupXml: pull.replace(/one/, "two"), checkpointXml: null, flags: 0 }),
      {
        message: "Domain checkpoint not found: failed to locate checkpoint 'two' for incremental backup of disk 'vda'",
      },
    );
    const off = await connection.define(guestXml("off", ""));
    await t.throwsAsync(() => api.domainBackupBegin({ dom: off, backupXml: BACKUP, checkpointXml: null, flags: 0 }), {
      message: "Operation not supported: cannot perform disk backup for inactive domain",
    });
  }));

test("a disk that is pulled tells its end; only one job of a disk runs", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const dom = await connection.createXML(guestXml("a", "<sim:job operation='block-pull' seconds='0.1'/>"));
    const heard = await listen(connection);
    await api.domainBlockPull({ dom, path: "vda", bandwidth: 5n, flags: 0 });
    const info = await api.domainGetBlockJobInfo({ dom, path: "vda", flags: 0 });
    t.like(info, { found: 1, type: 1, bandwidth: 5n });
    await t.throwsAsync(() => api.domainBlockPull({ dom, path: "/disk", bandwidth: 0n, flags: 0 }), {
      message: "block copy still active: disk 'vda' already in active block job",
    });
    await until(() => heard.length === 2);
    t.deepEqual(
      heard.map(({ kind, dom: _, ...rest }) => [kind, rest]),
      [
        ["blockJob", { path: "/disk", type: 1, status: 0 }],
        ["blockJob2", { dst: "vda", type: 1, status: 0 }],
      ],
    );
    t.is((await api.domainGetBlockJobInfo({ dom, path: "vda", flags: 0 })).found, 0);
  }));

test("a disk is its copy once that is ready and pivoted to", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const dom = await connection.createXML(guestXml("a", "<sim:job operation='block-copy' seconds='0.1'/>"));
    const heard = await listen(connection);
    const PIVOT = 2;
    const destxml = "<disk type='block'><source dev='/dev/copy'/></disk>";
    await api.domainBlockCopy({ dom, path: "vda", destxml, params: [], flags: 0 });
    const early = await t.throwsAsync(() => api.domainBlockJobAbort({ dom, path: "vda", flags: PIVOT }), {
      instanceOf: VirtError,
    });
    t.is(early.message, "block copy still active: disk 'vda' not ready for pivot yet");
    await until(() => heard.some((event) => event.kind === "blockJob2" && event.status === 3));
    const { cur, end } = await api.domainGetBlockJobInfo({ dom, path: "vda", flags: 0 });
    t.is(cur, end);
    await api.domainBlockJobAbort({ dom, path: "vda", flags: PIVOT });
    t.regex(await dom.getXMLDesc(), /<source dev='\/dev\/copy'\/>/);
    await until(() => heard.some((event) => event.kind === "blockJob2" && event.status === 0));
    await t.throwsAsync(() => api.domainBlockJobAbort({ dom, path: "vda", flags: 0 }), {
      message: "invalid argument: disk vda does not have an active block job",
    });
  }));

test("a job of a disk that is aborted is cancelled, one that fails has failed", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const behaviour =
      "<sim:job operation='block-commit' hangs='yes'/><sim:job operation='block-pull' fails='bad sector'/>";
    const dom = await connection.createXML(guestXml("a", behaviour));
    const heard = await listen(connection);
    const statuses = () => heard.flatMap((event) => (event.kind === "blockJob2" ? [event.status] : []));
    const ACTIVE = 4;
    const commit = { dom, disk: "vda", base: null, top: null, bandwidth: 0n };
    await t.throwsAsync(() => api.domainBlockCommit({ ...commit, flags: 0 }), {
      message: "invalid argument: commit of 'vda' active layer requires active flag",
    });
    await api.domainBlockCommit({ ...commit, flags: ACTIVE });
    await api.domainBlockJobAbort({ dom, path: "vda", flags: 0 });
    await until(() => statuses().length === 1);
    await api.domainBlockPull({ dom, path: "vda", bandwidth: 0n, flags: 0 });
    await until(() => statuses().length === 2);
    t.deepEqual(statuses(), [2, 1]);
  }));

test("a disk is rebased as it is pulled or copied, as fast as it is told to", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const behaviour =
      "<sim:job operation='block-copy' hangs='yes'/><sim:job operation='block-pull' hangs='yes'/>" +
      "<sim:job operation='block-commit' seconds='0.05'/>";
    const dom = await connection.createXML(guestXml("a", behaviour));
    const heard = await listen(connection);
    const info = (flags = 0) => api.domainGetBlockJobInfo({ dom, path: "vda", flags });
    const PIVOT = 2;
    await api.domainBlockRebase({ dom, path: "vda", base: null, bandwidth: 3n, flags: 0 });
    t.like(await info(), { type: 1, bandwidth: 3n });
    await api.domainBlockJobSetSpeed({ dom, path: "vda", bandwidth: 2097152n, flags: 1 });
    t.like(await info(), { bandwidth: 2n });
    t.like(await info(1), { bandwidth: 2097152n });
    await t.throwsAsync(() => api.domainBlockJobAbort({ dom, path: "vda", flags: PIVOT }), {
      message: "Requested operation is not valid: pivot of disk 'vda' requires an active copy job",
    });
    await api.domainBlockJobAbort({ dom, path: "vda", flags: 0 });
    const COPY = 8;
    await api.domainBlockRebase({ dom, path: "vda", base: "/copy", bandwidth: 0n, flags: COPY });
    t.like(await info(), { type: 2 });
    await api.domainBlockJobAbort({ dom, path: "vda", flags: 0 });
    const ended = () => heard.flatMap((event) => (event.kind === "blockJob2" ? [[event.type, event.status]] : []));
    await api.domainBlockCommit({ dom, disk: "vda", base: "/base", top: "/top", bandwidth: 0n, flags: 0 });
    await until(() => ended().length === 3);
    t.deepEqual(ended(), [
      [1, 2],
      [2, 2],
      [3, 0],
    ]);
    for (const path of ["vdz", "/nothing"]) {
      await t.throwsAsync(() => api.domainGetBlockJobInfo({ dom, path, flags: 0 }), {
        message: `invalid argument: disk '${path}' not found in domain`,
      });
    }
  }));

test("a job is found and cancelled by its number, and by a call with flags", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const dom = await connection.createXML(guestXml("a", "<sim:job operation='save' hangs='yes'/>"));
    const POSTCOPY = 1;
    const save = () => api.domainSaveFlags({ dom, to: "/nowhere", dxml: null, flags: 0 });
    const first = t.throwsAsync(save, { message: "operation aborted: the job was cancelled" });
    const [job] = await api.connectListAllDomainJobs({ flags: 0 });
    await api.domainCancelJob({ dom, id: job?.id ?? 0, flags: 0 });
    await first;
    const second = t.throwsAsync(save, { message: "operation aborted: domain save job: canceled by client" });
    await t.throwsAsync(() => api.domainAbortJobFlags({ dom, flags: POSTCOPY }), {
      message: "Requested operation is not valid: current job is not outgoing migration in post-copy mode",
    });
    await api.domainAbortJobFlags({ dom, flags: 0 });
    await second;
  }));
