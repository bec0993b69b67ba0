import { Duplex } from "node:stream";
import { MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import test from "ava";
import { bodyOf, numberOf } from "../testing/call-bodies.js";
import { serve, until } from "../testing/serve.js";
import { TEST_DOMAIN } from "../testing/tiny-driver.js";

test("a client that is not read because its console takes nothing is let go once it is gone", async (t) => {
  const { hypervisor, open } = await serve(t);
  const console = new Duplex({ read() {}, write() {} });
  hypervisor.console = () => console;
  const client = await open();
  const body = bodyOf("domainOpenConsole", { dom: TEST_DOMAIN, devName: null, flags: 0 });
  const opened = await client.call(numberOf("domainOpenConsole"), body);
  t.is(opened.status, MESSAGE_STATUS.OK);
  const { procedure, serial } = opened;
  for (let i = 0; i < 20; i++)
    client.send(
      { procedure, serial, type: MESSAGE_TYPE.STREAM, status: MESSAGE_STATUS.CONTINUE },
      Buffer.alloc(262120),
    );
  await until(() => console.writableLength > 1048576);
  client.close();
  await until(() => hypervisor.closed === 1);
  t.true(console.destroyed);
});
