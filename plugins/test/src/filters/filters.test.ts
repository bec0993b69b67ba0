import { VirtError } from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { withConnection } from "../testing/behaving.js";

const UUID = "5b5e6a3e-0000-0000-0000-000000000011";
const filter = (name: string, ...includes: readonly string[]) =>
  `<filter name='${name}'>${includes.map((each) => `<filterref filter='${each}'/>`).join("")}</filter>`;
const binding = (portDev: string, name: string) => `<filterbinding>
  <owner><name>guest</name><uuid>${UUID}</uuid></owner><portdev name='${portDev}'/><mac address='52:54:00:00:00:01'/>
  <filterref filter='${name}'/>
</filterbinding>`;

async function fails(t: ExecutionContext, call: () => Promise<unknown>, message: string): Promise<void> {
  const error = await t.throwsAsync(call, { instanceOf: VirtError });
  t.is(error.message, message);
  t.is(error.domain, "NWFILTER");
}

test("filters come, change and go", (t) =>
  withConnection(async ({ api }) => {
    const nwfilter = await api.nwFilterDefineXML({ xml: filter("one") });
    t.deepEqual(await api.connectListNWFilters({}), ["one"]);
    await fails(
      t,
      () => api.nwFilterDefineXML({ xml: filter("one") }),
      `operation failed: filter 'one' already exists with uuid ${nwfilter.uuid}`,
    );
    const own = `<uuid>${nwfilter.uuid}</uuid>`;
    const renamed = filter("two").replace("</filter>", `${own}</filter>`);
    await fails(
      t,
      () => api.nwFilterDefineXML({ xml: renamed }),
      "operation failed: filter with same UUID but different name ('one') already exists",
    );
    const rule = "<rule action='drop' direction='in' priority='500'/>";
    await api.nwFilterDefineXML({ xml: `<filter name='one'>${own}${rule}</filter>` });
    t.regex(await api.nwFilterGetXMLDesc({ nwfilter, flags: 0 }), /<rule action='drop' direction='in'/);
    await api.nwFilterUndefine({ nwfilter });
    await fails(
      t,
      () => api.nwFilterLookupByName({ name: "one" }),
      "Network filter not found: no nwfilter with matching name 'one'",
    );
  }));

test("a filter does not come to include itself", (t) =>
  withConnection(async ({ api }) => {
    await fails(
      t,
      () => api.nwFilterDefineXML({ xml: filter("self", "self") }),
      "operation failed: filter would introduce a loop",
    );
    await api.nwFilterDefineXML({ xml: filter("inner", "outer") });
    await fails(
      t,
      () => api.nwFilterDefineXML({ xml: filter("outer", "inner") }),
      "operation failed: filter would introduce a loop",
    );
  }));

test("a filter stays as long as a binding uses it, by itself or through another", (t) =>
  withConnection(async ({ api }) => {
    const inner = await api.nwFilterDefineXML({ xml: filter("inner") });
    await api.nwFilterDefineXML({ xml: filter("outer", "inner") });
    const nwfilter = await api.nwFilterBindingCreateXML({ xml: binding("vnet0", "outer"), flags: 0 });
    t.deepEqual(nwfilter, { portdev: "vnet0", filtername: "outer" });
    t.deepEqual(await api.connectListAllNWFilterBindings({ flags: 0 }), [nwfilter]);
    t.regex(await api.nwFilterBindingGetXMLDesc({ nwfilter, flags: 0 }), /<portdev name='vnet0'\/>/);
    const used = "Requested operation is not valid: nwfilter is in use";
    await fails(t, () => api.nwFilterUndefine({ nwfilter: inner }), used);
    await fails(
      t,
      () => api.nwFilterBindingCreateXML({ xml: binding("vnet0", "outer"), flags: 0 }),
      "operation failed: binding 'vnet0' already exists",
    );
    await fails(
      t,
      () => api.nwFilterBindingCreateXML({ xml: binding("vnet1", "nothing"), flags: 0 }),
      "internal error: referenced filter 'nothing' is missing",
    );
    await api.nwFilterBindingDelete({ nwfilter });
    await fails(
      t,
      () => api.nwFilterBindingLookupByPortDev({ name: "vnet0" }),
      "Network filter binding not found: no nwfilter binding for port dev 'vnet0'",
    );
    await api.nwFilterUndefine({ nwfilter: inner });
  }));

test("a guest's cards use their filters while it runs", (t) =>
  withConnection(async ({ api }) => {
    await api.nwFilterDefineXML({ xml: filter("one") });
    const dom = await api.domainDefineXML({
      xml: `<domain type='test'><name>g</name><memory>1024</memory><os><type>hvm</type></os><devices>
        <interface type='network'><source network='default'/><target dev='card0'/><filterref filter='one'/></interface>
        <interface type='network'><source network='default'/></interface>
      </devices></domain>`,
    });
    const bound = async () => (await api.connectListAllNWFilterBindings({ flags: 0 })).map(({ portdev }) => portdev);
    t.deepEqual(await bound(), []);
    await api.domainCreate({ dom });
    t.deepEqual(await bound(), ["card0"]);
    await api.domainDestroy({ dom });
    t.deepEqual(await bound(), []);
  }));
