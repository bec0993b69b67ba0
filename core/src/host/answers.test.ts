import { execFile } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { promisify } from "node:util";
import test from "ava";
import type { HypervisorConnection } from "../contracts/index.js";
import { VirtError } from "../errors/index.js";
import { ANSWERS, type Answer, tell, watched } from "./answers.js";

class Driver {
  readonly uri = "mine:///";
  readonly #type: string = "MINE";

  get objectEvents(): string {
    return this.#type;
  }

  connectGetType(): string {
    return this.#type;
  }

  async connectGetHostname(): Promise<string> {
    throw new VirtError("INTERNAL_ERROR", `no name of ${this.#type}`);
  }

  resolveDomain(): never {
    throw new VirtError("NO_DOMAIN", this.#type);
  }

  close(): string {
    return this.#type;
  }
}

const newDriver = () => new Driver() as unknown as HypervisorConnection;
const context = {} as never;

test.serial("while nobody listens a connection is handed out as it is", async (t) => {
  // In a process of its own: a run of all tests listens to this one.
  const program = `
    const { watched } = await import(${JSON.stringify(new URL("./answers.js", import.meta.url))});
    const driver = {};
    process.stdout.write(String(watched(driver, "mine") === driver));`;
  const args = ["--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: process.env.PATH } });
  t.is(stdout, "true");
});

test.serial("whoever listens hears each answer of a driver, its errors too", async (t) => {
  const heard: string[] = [];
  const listener = (message: unknown) => {
    const { plugin, call, error } = message as Answer;
    heard.push(`${plugin} ${call} ${error === undefined ? "" : (error as VirtError).code}`);
  };
  subscribe(ANSWERS, listener);
  t.teardown(() => unsubscribe(ANSWERS, listener));
  const connection = watched(newDriver(), "mine");
  t.is(connection.uri, "mine:///");
  t.is(connection.objectEvents as unknown, "MINE");
  t.is(connection.connectGetType?.({}, context), "MINE");
  await t.throwsAsync(async () => connection.connectGetHostname?.({}, context), { message: /no name of MINE/ });
  t.is(connection.connectGetVersion, undefined);
  t.throws(() => connection.resolveDomain({ name: "", uuid: "", id: 1 }), { message: /MINE/ });
  tell(connection, "connectGetURI", undefined);
  tell(newDriver(), "connectIsSecure", undefined);
  await connection.close();
  t.deepEqual(heard, [
    "mine connectOpen ",
    "mine connectGetType ",
    "mine connectGetHostname INTERNAL_ERROR",
    "mine connectGetURI ",
    "mine connectClose ",
  ]);
});
