// Two consumers of one VBoxManage, which is the stand-in of the plugin's tests: Debian's vagrant (package vagrant), and
// virsh by a polyvisord. Each sees what the other does. Prints a line per step; `npm run rig:vbox`.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startPolyvisord } from "../test/dist/harness/polyvisord.js";
import { serveStandIn } from "../test/dist/harness/vboxmanage.js";

const run = promisify(execFile);

// vagrant takes a machine that is ready before it has looked at its state for broken: so it takes a moment.
const VAGRANTFILE = `# Machines that only exist on paper do whatever they are told.
class Paper < Vagrant.plugin("2", :communicator)
  def ready?; true; end
  def wait_for_ready(*); sleep 3; true; end
  def execute(*); 0; end
  def sudo(*); 0; end
  def test(*); true; end
end
class PaperPlugin < Vagrant.plugin("2")
  name "paper"
  communicator("paper") { Paper }
end
Vagrant.configure("2") do |config|
  config.vm.box = "paper"
  config.vm.communicator = "paper"
  config.vm.guest = :linux
  config.vm.synced_folder ".", "/vagrant", disabled: true
  config.vm.provider("virtualbox") { |vb| vb.name = "paper"; vb.check_guest_additions = false }
end
`;

/** Who does what, and what the two say of the machine after it: vagrant's word of its state, virsh's. */
const STEPS = [
  ["vagrant", ["up", "--provider", "virtualbox"], "running", "running"],
  ["virsh", ["suspend", "paper"], "paused", "paused"],
  ["vagrant", ["resume"], "running", "running"],
  ["vagrant", ["suspend"], "saved", "shut off"],
  ["virsh", ["start", "paper"], "running", "running"],
  ["vagrant", ["halt", "--force"], "poweroff", "shut off"],
  ["vagrant", ["up"], "running", "running"],
  ["virsh", ["shutdown", "paper"], "poweroff", "shut off"],
  ["virsh", ["snapshot-create-as", "paper", "kept"], "poweroff", "shut off"],
  ["vagrant", ["snapshot", "restore", "kept", "--no-start"], "poweroff", "shut off"],
  ["virsh", ["snapshot-delete", "paper", "kept"], "poweroff", "shut off"],
  ["vagrant", ["destroy", "--force"], "not_created", undefined],
];

async function makeBox(folder) {
  const box = join(folder, "box");
  await mkdir(box);
  await writeFile(join(box, "metadata.json"), '{"provider":"virtualbox"}');
  await writeFile(join(box, "box.ovf"), "<Envelope/>");
  await writeFile(join(box, "Vagrantfile"), "");
  await run("tar", ["-C", box, "-czf", join(folder, "paper.box"), "metadata.json", "box.ovf", "Vagrantfile"]);
  return join(folder, "paper.box");
}

const folder = await mkdtemp(join(tmpdir(), "rig-vbox-"));
const { program, close } = await serveStandIn(folder);
const daemon = await startPolyvisord([], { vbox: `vboxmanage = ${JSON.stringify(program)}\n` });
const env = {
  ...process.env,
  PATH: `${folder}:${process.env.PATH}`,
  VAGRANT_HOME: join(folder, "home"),
  VAGRANT_CHECKPOINT_DISABLE: "1",
};
const vagrant = async (...words) => (await run("vagrant", words, { cwd: folder, env })).stdout;
const virsh = async (...words) => (await run("virsh", ["-c", daemon.uri("vbox"), ...words])).stdout.trim();

let failed = 0;
try {
  await writeFile(join(folder, "Vagrantfile"), VAGRANTFILE);
  await vagrant("box", "add", "--name", "paper", await makeBox(folder));
  for (const [who, words, wanted, state] of STEPS) {
    await (who === "vagrant" ? vagrant(...words) : virsh(...words));
    const [, told] = /,default,state,(\w+)/.exec(await vagrant("status", "--machine-readable")) ?? [];
    const seen = await virsh("domstate", "paper").catch(() => undefined);
    const isRight = told === wanted && seen === state;
    if (!isRight) failed++;
    console.log(`${isRight ? "ok    " : "FAILED"} ${who} ${words.join(" ")}: vagrant says ${told}, virsh ${seen}`);
  }
} finally {
  await daemon.dispose();
  close();
  await rm(folder, { recursive: true, force: true });
}
console.log(`${STEPS.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
