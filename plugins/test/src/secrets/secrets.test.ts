import { parseUri, SECRET_EVENT, silentLog, VirtError } from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { TestDriver } from "../driver.js";
import { withConnection } from "../testing/behaving.js";

const UUID = "5b5e6a3e-0000-0000-0000-000000000001";
const context = { identity: {}, readOnly: false, signal: new AbortController().signal, log: silentLog };
const ceph = (uuid: string, name: string, attributes = "") =>
  `<secret ${attributes}><uuid>${uuid}</uuid><usage type='ceph'><name>${name}</name></usage></secret>`;

async function fails(t: ExecutionContext, call: () => Promise<unknown>, message: string): Promise<void> {
  const error = await t.throwsAsync(call, { instanceOf: VirtError });
  t.is(error.message, message);
  t.is(error.domain, "SECRET");
}

test("a secret's value is told as it was set, unless the secret is private", (t) =>
  withConnection(async ({ api }) => {
    const secret = await api.secretDefineXML({ xml: ceph(UUID, "one"), flags: 0 });
    t.deepEqual(secret, { uuid: UUID, usageType: 2, usageID: "one" });
    await fails(
      t,
      () => api.secretGetValue({ secret, flags: 0 }),
      `Secret not found: secret '${UUID}' does not have a value`,
    );
    const value = Buffer.from("sesame");
    await api.secretSetValue({ secret, value, flags: 0 });
    value.fill(0);
    t.is(Buffer.from(await api.secretGetValue({ secret, flags: 0 })).toString(), "sesame");
    await api.secretDefineXML({ xml: ceph(UUID, "one", "private='yes'"), flags: 0 });
    await fails(t, () => api.secretGetValue({ secret, flags: 0 }), "Invalid secret: secret is private");
    await fails(
      t,
      () => api.secretDefineXML({ xml: ceph(UUID, "one"), flags: 0 }),
      "internal error: cannot change private flag on existing secret",
    );
  }));

test("a secret serves one thing, and no other secret serves it", (t) =>
  withConnection(async ({ api }) => {
    await api.secretDefineXML({ xml: ceph(UUID, "one"), flags: 0 });
    await fails(
      t,
      () => api.secretDefineXML({ xml: ceph(UUID, "two"), flags: 0 }),
      `internal error: a secret with UUID ${UUID} is already defined for use with one`,
    );
    const other = UUID.replace(/1$/, "2");
    await fails(
      t,
      () => api.secretDefineXML({ xml: ceph(other, "one"), flags: 0 }),
      `internal error: a secret with UUID ${UUID} already defined for use with one`,
    );
    t.is((await api.secretLookupByUsage({ usageType: 2, usageID: "one" })).uuid, UUID);
    await fails(
      t,
      () => api.secretLookupByUsage({ usageType: 2, usageID: "two" }),
      "Secret not found: no secret with matching usage 'two'",
    );
    await fails(
      t,
      () => api.secretLookupByUUID({ uuid: other }),
      `Secret not found: no secret with matching uuid '${other}'`,
    );
    await api.secretDefineXML({ xml: "<secret/>", flags: 0 });
    await api.secretDefineXML({ xml: "<secret ephemeral='yes'/>", flags: 0 });
    t.is(await api.connectNumOfSecrets({}), 3);
    const EPHEMERAL = 1;
    t.is((await api.connectListAllSecrets({ flags: EPHEMERAL })).length, 1);
  }));

test("what happens to secrets is told, in order", async (t) => {
  const connection = await new TestDriver(silentLog).open(parseUri("test:///default"), context);
  const heard: unknown[] = [];
  connection.objectEvents?.subscribe("secretLifecycle", undefined, (event) => {
    if (event.kind === "secretLifecycle") heard.push([event.object.usageID, event.event]);
  });
  connection.objectEvents?.subscribe("secretValueChanged", undefined, () => heard.push("value"));
  const secret = await connection.secretDefineXML?.({ xml: ceph(UUID, "one"), flags: 0 }, context);
  if (secret === undefined) throw new Error("no secrets");
  await connection.secretSetValue?.({ secret, value: Buffer.from("x"), flags: 0 }, context);
  await connection.secretUndefine?.({ secret }, context);
  t.deepEqual(heard, [["one", SECRET_EVENT.DEFINED], "value", ["one", SECRET_EVENT.UNDEFINED]]);
});
