import { DOMAIN_STATE, LIFECYCLE_EVENT, VirtError } from "@polyvisor/core";
import test from "ava";
import { guestXml, listen, until, withConnection } from "../testing/behaving.js";

test("a start that is to fail fails, and leaves the domain off", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const fails = "<sim:start fails='no such luck' code='INTERNAL_ERROR'/>";
    const domain = await connection.define(guestXml("a", fails));
    const error = await t.throwsAsync(() => domain.create(), { instanceOf: VirtError });
    t.like(error, { code: "INTERNAL_ERROR", message: "internal error: no such luck", domain: "TEST" });
    t.deepEqual(await domain.state(), { state: DOMAIN_STATE.SHUTOFF, reason: 6 });
    await t.throwsAsync(() => connection.createXML(guestXml("b", fails)), { message: "internal error: no such luck" });
    await t.throwsAsync(() => connection.domain("b"));
    const dom = await api.domainLookupByName({ name: "test" });
    await api.domainDestroy({ dom });
    const uri = "urn:polyvisor:test:1";
    const metadata = "<behaviour><start fails='not now'/></behaviour>";
    await api.domainSetMetadata({ dom, type: 2, metadata, key: "sim", uri, flags: 0 });
    await t.throwsAsync(() => api.domainCreate({ dom }), { message: "operation failed: not now" });
    await api.domainSetMetadata({ dom, type: 2, metadata: null, key: null, uri, flags: 0 });
    await api.domainCreate({ dom });
    t.true(await api.domainIsActive({ dom }));
  }));

const MISSPELT: Readonly<Record<string, readonly [behaviour: string, message: string, hint: RegExp]>> = {
  "an element": ["<sim:strat/>", "unknown element 'sim:strat' of the test driver's behaviour", /Did you mean 'start'/],
  "an element without the namespace": [
    "<start fails='x'/>",
    "unknown element 'start' of the test driver's behaviour",
    /./,
  ],
  "an attribute": ["<sim:start fail='x'/>", "unknown attribute 'fail' of 'start'", /Did you mean 'fails'/],
  "no words": ["<sim:start/>", "missing 'fails' attribute of 'start'", /Add fails=/],
  "an error code": [
    "<sim:start fails='x' code='NO_DOMIAN'/>",
    "unknown error code 'NO_DOMIAN'",
    /Did you mean 'NO_DOMAIN'/,
  ],
  "an operation": ["<sim:job operation='safe'/>", "unknown operation 'safe' of 'job'", /Did you mean 'save'/],
  "no operation": ["<sim:job/>", "missing 'operation' attribute of 'job'", /Allowed: save, dump/],
  "a time": ["<sim:job operation='save' seconds='soon'/>", "invalid number of seconds 'soon'", /from 0 to 86400/],
  "a long time": ["<sim:event kind='all' seconds='601'/>", "invalid number of seconds '601'", /from 0 to 600/],
  "both endings": [
    "<sim:job operation='save' hangs='yes' fails='x'/>",
    "a job cannot both hang and fail",
    /Choose one/,
  ],
  "a kind of event": [
    "<sim:event kind='livecycle' seconds='1'/>",
    "unknown kind 'livecycle' of 'event'",
    /'lifecycle'/,
  ],
  "no time": ["<sim:event kind='lifecycle'/>", "missing 'seconds' attribute of 'event'", /Add seconds=/],
};

for (const [what, [behaviour, message, hint]] of Object.entries(MISSPELT)) {
  test(`a behaviour that is misspelt is refused, with its place: ${what}`, (t) =>
    withConnection(async (connection) => {
      const error = await t.throwsAsync(() => connection.define(guestXml("a", behaviour)), { instanceOf: VirtError });
      t.is(error.message, `XML error: ${message}`);
      t.is(error.position?.line, 2);
      t.regex(error.hint ?? "", hint);
      const dom = await connection.domain("test");
      const metadata = `<sim:behaviour xmlns:sim='urn:polyvisor:test:1'>${behaviour}</sim:behaviour>`;
      const uri = "urn:polyvisor:test:1";
      const set = () => connection.api.domainSetMetadata({ dom, type: 2, metadata, key: "sim", uri, flags: 0 });
      if (behaviour.startsWith("<sim:")) await t.throwsAsync(set, { message: error.message });
    }));
}

test("an agent that is to be silent answers nothing", (t) =>
  withConnection(async (connection) => {
    const { api } = connection;
    const dom = await connection.createXML(guestXml("a", "<sim:agent answers='no'/>"));
    const silent = { message: "Guest agent is not responding: QEMU guest agent is not connected" };
    await t.throwsAsync(() => api.domainGetHostname({ dom, flags: 0 }), silent);
    await t.throwsAsync(() => api.domainGetGuestInfo({ dom, types: 0, flags: 0 }), silent);
    await t.throwsAsync(() => api.domainGetTime({ dom, flags: 0 }), silent);
    t.is((await api.domainGetControlInfo({ dom, flags: 0 })).state, 0);
  }));

test("an event that is to be late comes late, and none of its domain before it", (t) =>
  withConnection(async (connection) => {
    const heard = await listen(connection);
    const names = () => heard.map((event) => `${event.dom.name} ${event.kind}`);
    const begun = performance.now();
    const late = await connection.createXML(guestXml("late", "<sim:event kind='lifecycle' seconds='0.2'/>"));
    const { api } = connection;
    await api.domainSetMetadata({ dom: late, type: 1, metadata: "title", key: null, uri: null, flags: 0 });
    await (await connection.domain("test")).suspend();
    await until(() => heard.length === 3);
    t.true(performance.now() - begun >= 190);
    t.deepEqual(names(), ["test lifecycle", "late lifecycle", "late metadataChange"]);
  }));

test("the last event of a domain that is gone is late, too", (t) =>
  withConnection(async (connection) => {
    const domain = await connection.createXML(guestXml("late", "<sim:event kind='all' seconds='0.1'/>"));
    const heard = await listen(connection);
    await domain.destroy();
    await t.throwsAsync(() => connection.domain("late"));
    const stopped = await until(() =>
      heard.find((event) => event.kind === "lifecycle" && event.event === LIFECYCLE_EVENT.STOPPED),
    );
    t.is(stopped.dom.name, "late");
  }));
