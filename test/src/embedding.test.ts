import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ExecutionContext } from "ava";
import { runCommand } from "./harness/command.js";
import { type Need, program, testWith } from "./harness/needs.js";
import { project } from "./harness/project.js";

/** Every line of Node that is supported: the one that runs the tests, and those that `npm test` brings. */
const NODES = new Map([
  [process.version, process.execPath],
  ...[22, 24].map((major) => [`v${major}`, join(project, `.cache/nodes/node_modules/node-${major}/bin/node`)] as const),
]);

const example = (path: string) => join(project, "examples", path);

async function present(path: string): Promise<Need> {
  const met = await access(path).then(
    () => true,
    () => false,
  );
  return { name: `${path} is not there`, met, kind: "program" };
}

/** An example that runs until the test ends it. */
class Running {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #said = "";

  constructor(t: ExecutionContext, node: string, args: readonly string[]) {
    this.#child = spawn(node, args, { stdio: ["ignore", "pipe", "pipe"] });
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error("its output is a pipe");
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#said += text;
    });
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    t.teardown(() => this.#child.kill("SIGKILL"));
  }

  /** Reads its lines up to this one, and answers with all before it. */
  async until(wanted: string): Promise<string[]> {
    const before: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error(`it ended before it said ${wanted}: ${before.join("\n")}${this.#said}`);
      if (value === wanted) return before;
      before.push(value);
    }
  }

  /** Asks it to end, and answers with its exit code. */
  async end(): Promise<number | null> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const [code] = (await exited) as [number | null];
    return code;
  }
}

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pvembed-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const uriOf = (socket: string) => `test+unix:///default?socket=${socket}`;

function get(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: "/" }, (response) => {
      let text = "";
      response
        .setEncoding("utf8")
        .on("data", (more: string) => {
          text += more;
        })
        .on("end", () => resolve(text));
    })
      .on("error", reject)
      .end();
  });
}

const VIRSH = await program("virsh");
const THERE = await Promise.all([...NODES.values()].map(present));

for (const [index, [version, node]] of [...NODES].entries()) {
  const needs = [VIRSH, THERE[index] as Need];

  testWith(
    `on ${version}, a daemon of ten lines serves virsh, and a program that embeds the client sees it`,
    needs,
    async (t) => {
      const socket = join(await folderOf(t), "sock");
      const daemon = new Running(t, node, [example("custom-daemon/smallest.js"), socket]);
      await daemon.until("ready");
      const watcher = new Running(t, node, [example("embed-client/watch.js"), uriOf(socket)]);
      t.deepEqual(await watcher.until("watching"), ["test 1"]);
      const { code, stderr } = await runCommand("virsh", ["-c", uriOf(socket), "suspend", "test"]);
      t.is(code, 0, stderr);
      t.deepEqual(await watcher.until("test 3"), []);
      t.is(await watcher.end(), 0);
      t.is(await daemon.end(), 0);
      t.false((await present(socket)).met);
    },
  );

  testWith(`on ${version}, a daemon of one's own has its own logins, rules and metrics`, needs, async (t) => {
    const folder = await folderOf(t);
    const daemon = new Running(t, node, [example("custom-daemon/main.js"), folder]);
    await daemon.until("ready");
    const file = join(folder, "auth.conf");
    const as = async (password: string, ...args: string[]) => {
      const credentials = `[credentials-mine]\nauthname=fred\nusername=fred\npassword=${password}\n`;
      await writeFile(file, `${credentials}\n[auth-libvirt-localhost]\ncredentials=mine\n`);
      const env = { ...process.env, LIBVIRT_AUTH_FILE: file };
      return runCommand("virsh", ["-c", uriOf(join(folder, "run/sock")), ...args], { env });
    };
    t.like(await as("rubble", "list", "--name"), { code: 0, stdout: "test\n\n" });
    t.regex((await as("wrong", "list")).stderr, /authentication failed/);
    t.regex((await as("rubble", "undefine", "test")).stderr, /access denied/);
    const figures = JSON.parse(await get(join(folder, "run/metrics"))) as Record<string, object>;
    t.deepEqual(figures.connectListAllDomains, { answers: 1, errors: 0 });
    t.like(figures.authSaslStart, { errors: 1 });
    t.is(await daemon.end(), 0);
  });
}
