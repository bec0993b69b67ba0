import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Outcome, runCommand } from "./harness/command.js";
import { idleXml } from "./harness/guest-xml.js";
import { hypervisor, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { until } from "./harness/processes.js";
import { project } from "./harness/project.js";
import { Virsh } from "./harness/virsh.js";

const NEEDS = await hypervisor();
const UUID = "6f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f31";

function runPolyvisor(uri: string, args: readonly string[]): Promise<Outcome> {
  return runCommand(process.execPath, [join(project, "cli/bin/polyvisor.js"), "-c", uri, ...args]);
}

testWith("an operator sees what a hung guest holds up, and cancels it", NEEDS, (t) =>
  withPolyvisord(async (daemon) => {
    const virsh = new Virsh(daemon.uri("qemu"));
    const polyvisor = (...args: string[]) => runPolyvisor(daemon.uri("qemu"), args);
    await virsh.define(idleXml("hung", "qemu", UUID));
    await virsh.ok("start", "hung");
    t.deepEqual(JSON.parse((await polyvisor("jobs", "--json")).stdout), []);

    const pid = Number(await readFile(join(daemon.root, "run/libvirt/qemu/hung.pid"), "utf8"));
    process.kill(pid, "SIGSTOP");
    const suspending = virsh.run("suspend", "hung");
    let shown = "";
    await until("the job shows", async () => {
      shown = (await polyvisor("jobs")).stdout;
      return shown.includes("domainSuspend");
    });
    t.regex(shown, /^ *\d+ +hung +normal suspend +domainSuspend +running +\d+\.\d s$/m);
    const [job] = JSON.parse((await polyvisor("jobs", "--json")).stdout) as { id: number | string }[];
    t.is((await polyvisor("cancel-job", "hung", `${job?.id}`)).stdout, `Job ${job?.id} of domain 'hung' cancelled\n`);
    const { code, stderr } = await suspending;
    t.is(code, 1);
    t.regex(stderr, /operation aborted: the job was cancelled/);

    const again = await polyvisor("cancel-job", "hung", `${job?.id}`);
    t.is(again.code, 1);
    t.regex(again.stderr, /^polyvisor: invalid argument: domain 'hung' has no job \d+\n/);
    await virsh.ok("destroy", "hung");
  }),
);
