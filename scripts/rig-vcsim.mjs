#!/usr/bin/env node
// Has the real virsh drive vcsim, a simulator of vSphere, through us and through libvirt's own driver, call by call, and
// compares what it says; measures how long a list of 1000 machines with their states takes; runs the kit of drivers. The
// simulator is built from ../shared/rigs/vcsim in a copy. `npm run rig:vcsim -- compare|speed|kit|record` does one part;
// `record` writes the conversations that the plugin's tests replay.
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createHost } from "@polyvisor/core";
import { hypervisorKit, judge } from "@polyvisor/sdk/conformance";
import { startRecorder } from "../plugins/esx/dist/testing/recorder.js";
import { HOST_SCRIPT, play, VCENTER_SCRIPT } from "../plugins/esx/dist/testing/script.js";
import { startPolyvisord } from "../test/dist/harness/polyvisord.js";
import { run } from "./lib/run.mjs";
import { FILES, HOST, REFUSED, VCENTER } from "./rig-vcsim/commands.mjs";

const root = join(import.meta.dirname, "..");
const shared = process.env.POLYVISOR_SHARED ?? join(root, "../shared");
const rig = process.env.VCSIM_RIG ?? join(root, ".cache/vcsim");
const plugin = join(root, "plugins/esx");
const [ESX, VC] = [Number(process.env.ESX_PORT ?? 8989), Number(process.env.VC_PORT ?? 8990)];
const RATIO_MAX = 0.3;
const REPETITIONS = 5;

const files = await mkdtemp(join(tmpdir(), "rig-vcsim-"));
const auth = join(files, "auth.conf");
const env = { ...process.env, LIBVIRT_AUTH_FILE: auth, LIBVIRT_DEBUG: "4", LC_ALL: "C" };
await writeFile(auth, "[credentials-rig]\nusername=user\npassword=pass\n[auth-esx-default]\ncredentials=rig\n");
for (const [name, text] of Object.entries(FILES)) await writeFile(join(files, name), text);

async function prepare() {
  await cp(join(shared, "rigs/vcsim"), rig, { recursive: true, force: false, errorOnExist: false }).catch(() => {});
  await run("chmod", ["-R", "u+w", rig]);
  await mustRun("./build.sh");
}

async function mustRun(command, args = [], more = {}) {
  const { code, stdout, stderr } = await run(command, args, { cwd: rig, capture: true, env: { ...env, ...more } });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${stdout}${stderr}`);
}

const restart = (more) => mustRun("./start.sh", ["restart", String(ESX), String(VC)], more);

/** A daemon of ours, and how its clients name a URI. */
async function daemon() {
  const served = await startPolyvisord([], { esx: `auth_file = ${JSON.stringify(auth)}\n` });
  const through = (uri) =>
    `${uri.slice(0, uri.indexOf(":"))}+unix:///?socket=${served.socket}&name=${encodeURIComponent(uri)}`;
  return { served, through };
}

async function virsh(uri, args) {
  const { code, stdout, stderr } = await run("timeout", ["120", "virsh", "-c", uri, ...args], {
    capture: true,
    cwd: files,
    env,
  });
  return { code, text: `${stdout}${stderr}` };
}

const hostUri = `esx://user@127.0.0.1:${ESX}/?no_verify=1&auto_answer=1`;
const clusterUri = (host) => `vpx://user@127.0.0.1:${VC}/DC0/DC0_C0/${host}?no_verify=1&auto_answer=1`;

/** All answers of one driver to the same commands, on a simulator that has just begun. */
async function answers(way) {
  await restart();
  const rows = [];
  const ask = async (uri, [line, differs, varies, more = []], names) => {
    const words = line.split(" ").map((word) => names[word] ?? word);
    const said = await virsh(way(uri), [...words, ...more]);
    rows.push({ line: [line, ...more].join(" "), differs, said: normal(said, varies) });
  };
  const first = async (...args) => (await virsh(way(hostUri), args)).text.trim();
  const names = {
    DOM: "ha-host_VM0",
    UUID: await first("domuuid", "ha-host_VM0"),
    POOL: await first("pool-uuid", "LocalDS_0"),
    NET: await first("net-uuid", "vSwitch0"),
  };
  for (const row of HOST) await ask(hostUri, row, names);
  const cluster = clusterUri("DC0_C0_H0");
  const [machine] = (await virsh(way(cluster), ["list", "--all", "--name"])).text.split("\n");
  for (const row of VCENTER) await ask(cluster, row, { DOM: machine, OTHER: way(clusterUri("DC0_C0_H1")) });
  for (const [refused, differs] of REFUSED) {
    const uri = refused.replace(":VC", `:${VC}`).replace(":ESX", `:${ESX}`);
    rows.push({ line: `list (${refused})`, differs, said: normal(await virsh(way(uri), ["list"])) });
  }
  return rows;
}

/** Without times, and who was asked; without UUIDs, sizes and names of objects where they vary. */
function normal({ code, text }, varies = false) {
  const same = text
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [+-]\d{4})?/g, "TIME")
    .replaceAll(/<creationTime>\d+/g, "<creationTime>TIME")
    .replaceAll(/(?:esx|vpx)(?:\+unix)?:\/\/\S+/g, "URI");
  const told = varies
    ? same
        .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID")
        .replaceAll(/(Allocation|Available):.*/g, "$1")
        .replaceAll(/(<(?:allocation|available) unit='bytes'>)\d+/g, "$1")
        .replaceAll(/vm-\d+/g, "vm-N")
    : same;
  return `${told}exit ${code}\n`;
}

async function compare() {
  const theirs = await answers((uri) => uri);
  const { served, through } = await daemon();
  const ours = await answers(through).finally(() => served.dispose());
  let wrong = 0;
  const explained = [];
  for (const [index, { line, differs, said }] of theirs.entries()) {
    const same = ours[index].said === said;
    if (same && differs === undefined) continue;
    if (!same && differs !== undefined) {
      explained.push(`${line}: ${differs}`);
      continue;
    }
    wrong++;
    console.log(`${same ? "said to differ, and does not" : "differs"}: ${line}\n- ${said}+ ${ours[index].said}`);
  }
  for (const each of explained) console.log(`differs, as it should: ${each}`);
  console.log(`${theirs.length} answers compared, ${explained.length} explained, ${wrong} wrong`);
  return wrong === 0;
}

async function speed() {
  await restart({ VMS: "1000" });
  const { served, through } = await daemon();
  const times = { libvirt: [], ours: [] };
  try {
    await virsh(through(hostUri), ["list", "--all"]);
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      for (const [name, uri] of [
        ["libvirt", hostUri],
        ["ours", through(hostUri)],
      ]) {
        const began = performance.now();
        const { text } = await virsh(uri, ["list", "--all"]);
        times[name].push(performance.now() - began);
        const machines = text.split("\n").filter((line) => line.endsWith("running")).length;
        if (machines !== 1000) throw new Error(`${name}: ${machines} machines run, not 1000`);
      }
    }
  } finally {
    await served.dispose();
  }
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  const [libvirt, ours] = [median(times.libvirt), median(times.ours)];
  const ratio = ours / libvirt;
  const words = `list --all of 1000 machines: libvirt ${libvirt.toFixed(0)} ms, ours ${ours.toFixed(0)} ms, ratio ${ratio.toFixed(3)}`;
  console.log(`${words} (at most ${RATIO_MAX}; medians of ${REPETITIONS})`);
  return ratio <= RATIO_MAX;
}

const docs = (name) => import(join(root, "docs/conformance", `${name}.json`), { with: { type: "json" } });

/** The kit, direct, behind a daemon, and in a process of the plugin's own. */
async function kit() {
  const profile = (await docs("profile-esx")).default;
  const known = (await docs("known-esx")).default;
  let ok = true;
  for (const place of ["direct", "in the daemon", "isolated"]) {
    await restart();
    const subject = await subjectAt(place);
    try {
      const report = await judge(hypervisorKit, subject, {
        profile,
        known,
        title: `esx ${place}`,
        onResult: tellFailure,
      });
      for (const name of report.stale) console.log(`known, but no longer so: ${name}`);
      const { cases, passed, failed, leftOut } = report;
      console.log(
        `esx ${place}: ${cases} cases, ${passed} passed, ${failed} failed, ${report.known} known, ${leftOut} left out`,
      );
      ok &&= report.ok;
    } finally {
      await subject.close();
    }
  }
  return ok;
}

function tellFailure({ outcome, name, says }) {
  if (outcome === "failed") console.log(`failed: ${name}\n        ${says}`);
}

async function subjectAt(place) {
  if (place === "direct") {
    const host = await createHost({ plugins: [plugin], pluginConfiguration: { esx: { values: { auth_file: auth } } } });
    return { open: (options) => host.open(hostUri, options), close: () => host.close() };
  }
  const { served, through } = await daemon();
  if (place === "isolated") {
    await served.end("SIGTERM");
    await served.settings('isolate = [ "esx" ]\nisolate_crashes = 1000\n');
    await served.start();
  }
  const client = await createHost({ plugins: [join(root, "plugins/remote")] });
  const open = (options) => client.open(through(hostUri), options);
  const restarts = { restart: () => again(served, "SIGTERM") };
  return {
    open,
    ...restarts,
    async close() {
      await client.close();
      await served.dispose();
    },
  };
}

async function again(served, signal) {
  await served.end(signal);
  await served.start();
}

async function record() {
  const folder = join(plugin, "fixtures/vcsim");
  await mkdir(folder, { recursive: true });
  await restart();
  const values = { auth_file: auth, freshness: 0 };
  for (const [name, port, scheme, path, script] of [
    ["host", ESX, "esx", "/", HOST_SCRIPT],
    ["vcenter", VC, "vpx", "/DC0/DC0_C0/DC0_C0_H0", VCENTER_SCRIPT],
  ]) {
    const recorder = await startRecorder(port);
    const host = await createHost({ plugins: [plugin], pluginConfiguration: { esx: { values } } });
    const uri = `${scheme}://user@127.0.0.1:${recorder.port}${path}?transport=http&auto_answer=1`;
    const connection = await host.open(uri);
    const answers = await play(connection, script);
    await connection.close();
    while (!recorder.exchanges.at(-1)?.request.includes("<Logout")) await new Promise((done) => setTimeout(done, 50));
    await host.close();
    recorder.close();
    const text = JSON.stringify({ exchanges: recorder.exchanges, answers });
    await writeFile(join(folder, `${name}.json.gz`), gzipSync(text, { level: 9 }));
    console.log(`${name}: ${recorder.exchanges.length} exchanges, ${answers.length} answers`);
  }
  return true;
}

const PARTS = { compare, speed, kit, record };
const asked = process.argv.slice(2);
const parts = asked.length === 0 ? ["compare", "speed", "kit"] : asked;
try {
  await prepare();
  for (const part of parts) {
    if (PARTS[part] === undefined) throw new Error(`there is no part ${part}: ${Object.keys(PARTS).join(", ")}`);
    console.log(`== ${part}`);
    if (!(await PARTS[part]())) process.exitCode = 1;
  }
} finally {
  await run("./start.sh", ["stop", String(ESX), String(VC)], { cwd: rig, capture: true });
  await rm(files, { recursive: true, force: true });
}
