import { VirtError } from "@polyvisor/core";
import test from "ava";
import type { HttpClient, HttpExchange } from "./http.js";
import { envelope } from "./message.js";
import { Session } from "./session.js";
import { waitForTask } from "./task.js";

const SERVICE = `<rootFolder type="Folder">root</rootFolder><propertyCollector type="PropertyCollector">pc</propertyCollector>
<sessionManager type="SessionManager">sm</sessionManager><about><apiType>HostAgent</apiType><apiVersion>6.5</apiVersion>
<version>6.5.0</version><productLineId>esx</productLineId></about>`;

type Reply = string | { readonly fault: string; readonly words: string };

/** A server that says what a test has it say: one answer for each call, in order. */
class ScriptedServer {
  readonly asked: string[] = [];
  readonly #replies: [method: string, reply: Reply][];

  constructor(replies: readonly (readonly [method: string, reply: Reply])[]) {
    this.#replies = replies.map(([method, reply]) => [method, reply]);
  }

  async exchange({ body = "" }: HttpExchange): Promise<{ status: number; body: Buffer }> {
    const method = /<soapenv:Body><(\w+)/.exec(body)?.[1] ?? "";
    const [expected, reply] = this.#replies.shift() ?? ["nothing", ""];
    this.asked.push(method);
    if (method !== expected) throw new Error(`${expected} was to come, and ${method} came`);
    if (typeof reply === "string")
      return answer(200, `<${method}Response xmlns="urn:vim25">${reply}</${method}Response>`);
    const detail = `<detail><x xmlns:q="i" q:type="${reply.fault}"/></detail>`;
    const fault = `<faultcode>ServerFaultCode</faultcode><faultstring>${reply.words}</faultstring>${detail}`;
    return answer(500, `<soapenv:Fault>${fault}</soapenv:Fault>`);
  }
}

function answer(status: number, body: string): { status: number; body: Buffer } {
  const text = envelope("x", { type: "a", value: "b" }, "").replace(/<x .*<\/x>/, body);
  return { status, body: Buffer.from(text) };
}

async function connected(
  ...replies: (readonly [string, Reply])[]
): Promise<{ session: Session; server: ScriptedServer }> {
  const begin = [
    ["RetrieveServiceContent", `<returnval>${SERVICE}</returnval>`],
    ["Login", "<returnval><key>k</key></returnval>"],
  ] as const;
  const server = new ScriptedServer([...begin, ...replies]);
  const session = new Session(server as unknown as HttpClient, "user", "pass");
  await session.connect();
  return { session, server };
}

const object = (value: string) =>
  `<objects><obj type="VirtualMachine">${value}</obj><propSet><name>name</name><val>${value}</val></propSet></objects>`;
const QUERY = { properties: { VirtualMachine: ["name"] }, from: [{ type: "HostSystem", value: "h" }] };

test("a long list comes in parts", async (t) => {
  const { session, server } = await connected(
    ["RetrievePropertiesEx", `<returnval><token>1</token>${object("a")}${object("b")}</returnval>`],
    ["ContinueRetrievePropertiesEx", `<returnval><token>2</token>${object("c")}</returnval>`],
    ["ContinueRetrievePropertiesEx", `<returnval>${object("d")}</returnval>`],
  );
  const found = await session.retrieve(QUERY);
  t.deepEqual(
    found.map((each) => each.text("name")),
    ["a", "b", "c", "d"],
  );
  t.is(server.asked.length, 5);
});

test("nothing is an empty list", async (t) => {
  const { session } = await connected(["RetrievePropertiesEx", ""]);
  t.deepEqual(await session.retrieve(QUERY), []);
});

const LOST = { fault: "NotAuthenticated", words: "The session is not authenticated." };

test("a session that the server has ended is begun again, once for all calls that wait", async (t) => {
  const { session, server } = await connected(
    ["CurrentTime", LOST],
    ["CurrentTime", LOST],
    ["Login", "<returnval><key>k2</key></returnval>"],
    ["CurrentTime", "<returnval>1</returnval>"],
    ["CurrentTime", "<returnval>2</returnval>"],
  );
  const call = () => session.callForOne("CurrentTime", { type: "ServiceInstance", value: "ServiceInstance" });
  const [one, two] = await Promise.all([call(), call()]);
  t.deepEqual([one.text, two.text], ["1", "2"]);
  t.is(server.asked.filter((method) => method === "Login").length, 2);
});

test("what the server refuses is told in libvirt's words", async (t) => {
  const { session } = await connected(["PowerOnVM_Task", { fault: "NoPermission", words: "Permission denied." }]);
  const error = await t.throwsAsync<VirtError>(session.call("PowerOnVM_Task", { type: "VirtualMachine", value: "1" }));
  t.is(
    error?.message,
    "internal error: HTTP response code 500 for call to 'PowerOnVM_Task'. Fault: ServerFaultCode - Permission denied.",
  );
  t.regex(error?.hint ?? "", /privilege/);
});

const TASK = { type: "Task", value: "t" };
const MACHINE = { type: "VirtualMachine", value: "1" };
const property = (name: string, value: string) => `<propSet><name>${name}</name><val>${value}</val></propSet>`;
const state = (value: string, more = "") =>
  `<returnval><objects><obj type="Task">t</obj>${property("info.state", value)}${more}</objects></returnval>`;
const news = (version: number, name: string, value: string) =>
  `<returnval><version>${version}</version><filterSet><objectSet><changeSet><name>${name}</name><op>assign</op><val>${value}</val></changeSet></objectSet></filterSet></returnval>`;
const COLLECTOR = ["CreatePropertyCollector", '<returnval type="PropertyCollector">own</returnval>'] as const;
const FILTER = ["CreateFilter", '<returnval type="PropertyFilter">f</returnval>'] as const;
const QUESTION = `<id>q</id><text>Moved or copied?</text><choice><choiceInfo><label>Moved</label><key>0</key></choiceInfo><choiceInfo><label>Copied</label><key>1</key></choiceInfo><defaultIndex>1</defaultIndex></choice>`;

test("a task is waited for, and its progress is told", async (t) => {
  const { session } = await connected(
    ["RetrievePropertiesEx", state("running", property("info.progress", "10"))],
    COLLECTOR,
    FILTER,
    ["WaitForUpdatesEx", news(1, "info.progress", "60")],
    ["WaitForUpdatesEx", ""],
    ["WaitForUpdatesEx", news(2, "info.state", "success")],
    ["DestroyPropertyCollector", ""],
  );
  const progress: number[] = [];
  const end = await waitForTask(session, TASK, { autoAnswer: false, onProgress: (percent) => progress.push(percent) });
  t.true(end.ok);
  t.deepEqual([...new Set(progress)], [10, 60]);
});

test("a task that fails says why", async (t) => {
  const error = `<fault xmlns:q="i" q:type="InvalidPowerState"/><localizedMessage>It is on.</localizedMessage>`;
  const { session } = await connected(["RetrievePropertiesEx", state("error", property("info.error", error))]);
  t.deepEqual(await waitForTask(session, TASK, { autoAnswer: false }), {
    ok: false,
    words: "InvalidPowerState - It is on.",
  });
});

test("a question is answered with its default where that is allowed", async (t) => {
  const { session, server } = await connected(
    ["RetrievePropertiesEx", state("running", property("runtime.question", QUESTION))],
    ["AnswerVM", ""],
    COLLECTOR,
    FILTER,
    ["WaitForUpdatesEx", news(1, "info.state", "success")],
    ["DestroyPropertyCollector", ""],
  );
  t.true((await waitForTask(session, TASK, { machine: MACHINE, autoAnswer: true })).ok);
  t.true(server.asked.includes("AnswerVM"));
});

test("a question that nobody may answer is an error, and the task is cancelled", async (t) => {
  const more = property("runtime.question", QUESTION) + property("info.cancelable", "true");
  const { session, server } = await connected(["RetrievePropertiesEx", state("running", more)], ["CancelTask", ""]);
  const error = await t.throwsAsync<VirtError>(waitForTask(session, TASK, { machine: MACHINE, autoAnswer: false }), {
    instanceOf: VirtError,
  });
  t.is(
    error?.message,
    "internal error: Pending question blocks virtual machine execution, question is 'Moved or copied?', possible answers are 'Moved', 'Copied'",
  );
  t.is(server.asked.at(-1), "CancelTask");
});
