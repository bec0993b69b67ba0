import { stat } from "node:fs/promises";
import { adminProgram, keepaliveProgram, remoteProgram, xdr } from "@polyvisor/core";
import { MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import test from "ava";
import { rootFolder, startPolyvisord } from "../testing/process.js";
import { errorOf, type Message, RawClient } from "../testing/raw-client.js";

const { calls, number: program, version } = adminProgram;

async function adminClient(t: Parameters<typeof rootFolder>[0]): Promise<RawClient> {
  const root = await rootFolder(t);
  await startPolyvisord(t, root);
  const client = await RawClient.connect(`${root}/run/libvirt/libvirt-admin-sock`);
  t.teardown(() => client.close());
  return client;
}

const bySerial = (serial: number) => (message: Message) => message.serial === serial;

type Name = keyof typeof calls;

function send(client: RawClient, name: Name, serial: number, args: object): void {
  const codec = calls[name].args as unknown as xdr.Codec<unknown, object>;
  client.send({ program, version, procedure: calls[name].number, serial }, xdr.encodeToBuffer(codec, args));
}

async function answer(client: RawClient, name: Name, serial: number): Promise<unknown> {
  const reply = await client.take(bySerial(serial));
  if (reply.status !== MESSAGE_STATUS.OK) return errorOf(reply).message;
  return xdr.decodeFromBuffer(calls[name].ret as unknown as xdr.Codec<unknown, never>, reply.body);
}

test("the admin socket is the owner's alone", async (t) => {
  const root = await rootFolder(t);
  await startPolyvisord(t, root);
  t.is((await stat(`${root}/run/libvirt/libvirt-admin-sock`)).mode & 0o777, 0o700);
});

test("calls sent at once are answered in their order, also those that take time", async (t) => {
  const client = await adminClient(t);
  send(client, "clientGetInfo", 1, { clnt: { srv: { name: "admin" }, id: 1, timestamp: 0, transport: 0 }, flags: 0 });
  send(client, "connectListServers", 2, { needResults: 0, flags: 0 });
  send(client, "connectGetLibVersion", 3, {});
  t.like(await answer(client, "clientGetInfo", 1), { params: [{ field: "readonly", value: false }] });
  t.deepEqual(await answer(client, "connectListServers", 2), { servers: [], ret: 2 });
  t.deepEqual(await answer(client, "connectGetLibVersion", 3), { libVer: 9000000n });
});

test("calls that cannot be are refused in libvirt's words, and the connection goes on", async (t) => {
  const client = await adminClient(t);
  const libvirtd = { name: "libvirtd" };
  send(client, "connectOpen", 1, { flags: 4 });
  t.is(await answer(client, "connectOpen", 1), "unsupported flags (0x4) in function adminDispatchConnectOpen");
  const param = (field: string, type: string, value: unknown) => ({ field, type, value });
  const refusals = [
    [[param("nclients", "uint", 5)], "argument unsupported: parameter 'nclients' not supported"],
    [
      [param("nclients_max", "uint", 5), param("nclients_max", "uint", 6)],
      "invalid argument: parameter 'nclients_max' occurs multiple times",
    ],
    [
      [param("nclients_max", "int", 5)],
      "invalid argument: invalid type 'int' for parameter 'nclients_max', expected 'uint'",
    ],
  ] as const;
  for (const [index, [params, says]] of refusals.entries()) {
    send(client, "serverSetClientLimits", 10 + index, { srv: libvirtd, params, flags: 0 });
    t.is(await answer(client, "serverSetClientLimits", 10 + index), says);
  }
  client.send({ program, version, procedure: 20, serial: 30 });
  t.regex(errorOf(await client.take(bySerial(30))).message ?? "", /unknown procedure: 20/);
  client.send({ program, version, procedure: 4, serial: 31 });
  t.regex(errorOf(await client.take(bySerial(31))).message ?? "", /Unable to decode message payload/);
  client.send({ serial: 32, procedure: 1 });
  t.regex(errorOf(await client.take(bySerial(32))).message ?? "", new RegExp(`program ${remoteProgram.number}`));
  send(client, "connectGetLibVersion", 33, {});
  t.deepEqual(await answer(client, "connectGetLibVersion", 33), { libVer: 9000000n });
});

test("pings are answered; closing is confirmed; what is no message ends the connection", async (t) => {
  const client = await adminClient(t);
  const { number, version: keepaliveVersion, ping, pong } = keepaliveProgram;
  client.send({ program: number, version: keepaliveVersion, procedure: ping, type: MESSAGE_TYPE.MESSAGE });
  t.is((await client.take(({ program: from }) => from === number)).procedure, pong);
  send(client, "connectClose", 5, {});
  t.deepEqual(await answer(client, "connectClose", 5), {});
  await client.closed;
  const rude = await adminClient(t);
  rude.socket.write(Buffer.alloc(64, 0xff));
  await rude.closed;
});
