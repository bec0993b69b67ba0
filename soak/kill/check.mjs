import { compareFiles, filesOfGuest, pidFileOf, processesOf } from "./host.mjs";

/** Compares the daemon, the processes, the files and the devices with what they should be. @returns {Promise<string[]>} faults */
export async function check(soak, client) {
  const faults = [];
  for (const fault of await Promise.all(soak.lanes.map((lane) => lane.compare(client.api))))
    if (fault !== undefined) faults.push(fault);
  // What is wrong with a domain makes its files and processes wrong too.
  if (faults.length > 0) return faults;
  return [
    ...(await checkNames(soak, client)),
    ...(await checkProcesses(soak)),
    ...(await compareFiles(soak.root, expectedFiles(soak.lanes))),
    ...(await checkTaps(soak)),
  ];
}

async function checkNames(soak, client) {
  const domains = await client.api.connectListAllDomains({ flags: 0 });
  const names = domains.map(({ name }) => name).sort();
  const wanted = soak.lanes.filter(isThere).map((lane) => lane.name);
  const same = JSON.stringify(names) === JSON.stringify(wanted.sort());
  return same ? [] : [`the list of domains has ${names}, and it should have ${wanted}`];
}

const isThere = ({ seen }) => seen.run !== undefined || seen.definition !== undefined;

/** Each guest has one emulator, and each process that is there has a reason to be. */
export async function checkProcesses(soak) {
  const faults = [];
  const processes = (await processesOf(soak.root)).filter(({ pid }) => pid !== soak.daemon.pid);
  for (const lane of soak.lanes) {
    const own = processes.filter(({ uuid }) => uuid === lane.kind.uuid);
    const wanted = lane.seen.run === undefined ? 0 : 1;
    if (own.length !== wanted) faults.push(`${lane.name} has ${own.length} emulators, and it should have ${wanted}`);
    const noted = await pidFileOf(soak.root, lane.name);
    if (wanted === 1 && noted !== own[0]?.pid)
      faults.push(`${lane.name} has the process ${own[0]?.pid}, but its file says ${noted}`);
  }
  const others = processes.filter(
    ({ uuid, parent, argv }) => uuid === undefined && !isHelper(soak.daemon, parent, argv),
  );
  return [
    ...faults,
    ...others.map(({ pid, argv }) => `the process ${pid} is left over: ${argv.join(" ").slice(0, 200)}`),
  ];
}

/** What changes owners of files for the daemon is kept for a while, and goes with it. */
function isHelper({ pid }, parent, argv) {
  return parent === pid && argv.some((word) => word.endsWith("/labels/helper/main.js"));
}

function expectedFiles(lanes) {
  return lanes.flatMap(({ kind, seen }) => [
    ...(seen.run === undefined ? [] : filesOfGuest(kind, seen.run.id)),
    ...(seen.definition === undefined ? [] : [`etc/libvirt/qemu/${kind.name}.xml`]),
    ...(seen.autostart ? [`etc/libvirt/qemu/autostart/${kind.name}.xml`] : []),
  ]);
}

async function checkTaps(soak) {
  if (soak.network === undefined) return [];
  const taps = await soak.network.taps();
  const wanted = soak.lanes.filter(({ kind, seen }) => kind.bridged && seen.run !== undefined).length;
  return taps.length === wanted ? [] : [`there are ${taps.length} taps (${taps}) for ${wanted} guests with a card`];
}
