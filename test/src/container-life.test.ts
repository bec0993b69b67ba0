import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { mayOpenSystemHost } from "@polyvisor/sdk/testkit";
import { NAME } from "./harness/container-life.js";
import {
  type ContainerPeer,
  type Life,
  libvirtContainers,
  live,
  NoContainers,
  ourContainers,
} from "./harness/container-peers.js";
import { EXPLAINED_EVENTS, EXPLAINED_STEPS } from "./harness/explained-life.js";
import { binding, containers, type Need, program, testWith } from "./harness/needs.js";
import { PYTHON, project } from "./harness/project.js";

const CONTROLLER = "/usr/lib/libvirt/libvirt_lxc";

const NEEDS: readonly Need[] = [
  ...(await containers()),
  ...(await Promise.all(["libvirtd", "stdbuf"].map(program))),
  await binding(PYTHON),
  {
    name: "libvirt's driver of containers is not installed",
    met: await access(CONTROLLER).then(
      () => true,
      () => false,
    ),
    kind: "program",
  },
  { name: "the kernel gives no mount namespace", met: mayOpenSystemHost(), kind: "kernel" },
];

async function lifeOn(start: () => Promise<ContainerPeer>): Promise<Life> {
  const peer = await start();
  try {
    return await live(peer);
  } finally {
    await peer.stop();
  }
}

testWith(
  "a container's life is told as libvirt's driver tells it, or the difference is explained",
  NEEDS,
  async (t) => {
    t.timeout(10 * 60_000);
    const [theirs, ours] = await Promise.all([
      lifeOn(libvirtContainers).catch((error: unknown) => {
        if (error instanceof NoContainers) return error;
        throw error;
      }),
      lifeOn(ourContainers),
    ]);
    if (theirs instanceof NoContainers) {
      t.log(`libvirt's driver has no containers on this host: ${theirs.message}`);
      t.pass();
      return;
    }
    const used = new Set<string>();
    const unexplained = theirs.commands.flatMap(({ command, says }, at) => {
      const other = ours.commands[at]?.says ?? "";
      if (other === says) return [];
      const explained = EXPLAINED_STEPS.find(
        (each) => each.command.test(command) && each.theirs.test(says) && each.ours.test(other),
      );
      if (explained === undefined) return [`${command}\nlibvirtd: ${says}\nhere: ${other}`];
      used.add(explained.row);
      return [];
    });
    t.deepEqual(unexplained, []);
    t.is(ours.commands.length, theirs.commands.length);
    // A start that fails is told by libvirtd where one of its threads sees the controller's end before the other does.
    const told = theirs.events.filter((event) => !event.endsWith(": Stopped Failed"));
    const events = told.map((event, at) => {
      const isExplained = event === EXPLAINED_EVENTS.theirs && told[at - 1] === EXPLAINED_EVENTS.after;
      if (isExplained) used.add(EXPLAINED_EVENTS.row);
      return isExplained ? EXPLAINED_EVENTS.ours : event;
    });
    t.deepEqual(ours.events, events);
    t.true(events.length > 30 && events.some((event) => event === `event 'reboot' for domain '${NAME}'`));
    t.deepEqual(ours.consoles, theirs.consoles);
    const rows = [EXPLAINED_EVENTS, ...EXPLAINED_STEPS].map(({ row }) => row);
    t.deepEqual([...used].sort(), rows.sort(), "what is explained is so");
    const pages = await Promise.all(["docs/plugins/lxc.md", "docs/differences.md"].map(read));
    for (const row of rows)
      t.true(
        pages.some((page) => page.includes(`\n- ${row}`) || page.includes(`\n| ${row}`)),
        row,
      );
  },
);

function read(path: string): Promise<string> {
  return readFile(join(project, path), "utf8");
}
