import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** What a process was given by whoever started it, by name. Texts that are the same mean the same. */
export type Surroundings = Readonly<Record<string, string>>;

/** Lines of /proc/PID/status that tell how the process is set up, and not what it does at the moment. */
const STATUS =
  /^(Umask|Uid|Gid|Groups|VmLck|VmPin|Sig(Blk|Ign|Cgt)|Cap\w+|NoNewPrivs|Seccomp\w*|Speculation\w+|\w+_allowed_list|THP_enabled|CoreDumping|TracerPid):\s*(.*)$/;
const FILES = ["oom_score_adj", "coredump_filter", "personality", "timerslack_ns", "loginuid", "sessionid"];
/** How long a new emulator must stay as it is to be taken as done with itself, in milliseconds. */
const SETTLED = 500;

/**
 * The surroundings of a process, with `daemon` for what it has from the process that started it, and with each of `names`
 * in the place of the text that differs from one run to the next.
 */
export async function surroundingsOf(
  pid: number,
  daemon: number,
  names: Readonly<Record<string, string>>,
): Promise<Surroundings> {
  for (let before = ""; ; ) {
    const found = {
      ...(await status(pid)),
      ...(await limits(pid)),
      ...(await placeInTree(pid, daemon)),
      ...(await cgroups(pid, daemon)),
      ...(await namespaces(pid, daemon)),
      ...(await paths(pid)),
      ...(await environment(pid)),
      ...(await descriptors(pid)),
    };
    let text = JSON.stringify(found);
    for (const [name, value] of Object.entries(names)) text = text.replaceAll(value, name);
    if (text === before) return JSON.parse(text) as Surroundings;
    before = text;
    await delay(SETTLED);
  }
}

const read = (pid: number, file: string) => readFile(`/proc/${pid}/${file}`, "utf8");

async function status(pid: number): Promise<Surroundings> {
  const found: Record<string, string> = {};
  for (const line of (await read(pid, "status")).split("\n")) {
    const [, name, , value] = STATUS.exec(line) ?? [];
    if (name !== undefined) found[`status ${name}`] = value?.trim().replace(/\s+/g, " ") ?? "";
  }
  for (const file of FILES) found[file] = (await read(pid, file)).trim();
  return found;
}

async function limits(pid: number): Promise<Surroundings> {
  const rows = (await read(pid, "limits")).trim().split("\n").slice(1);
  const columns = rows.map((row) => [row.slice(0, 26).trim(), row.slice(26, 67).trim().replace(/\s+/g, " ")] as const);
  return Object.fromEntries(columns.map(([name, value]) => [`limit ${name.replace("Max ", "")}`, value]));
}

/** Its session, its parent, its priority. */
async function placeInTree(pid: number, daemon: number): Promise<Surroundings> {
  const text = await read(pid, "stat");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  return {
    "leads its process group": String(field(5) === pid),
    "leads its session": String(field(6) === pid),
    "is in the daemon's session": String(
      field(6) === Number((await read(daemon, "stat")).split(") ")[1]?.split(" ")[3]),
    ),
    "is the daemon's child": String(field(4) === daemon),
    terminal: String(field(7)),
    nice: String(field(19)),
    scheduling: `policy ${field(41)}, priority ${field(40)}`,
  };
}

async function cgroups(pid: number, daemon: number): Promise<Surroundings> {
  const of = async (process: number) =>
    (await read(process, "cgroup"))
      .trim()
      .split("\n")
      .map((line) => line.split(":").slice(1));
  const ofDaemon = new Map((await of(daemon)).map(([name, path]) => [name, path]));
  const own = await of(pid);
  const moved = own.filter(([name, path]) => ofDaemon.get(name) !== path);
  return { cgroups: moved.length === 0 ? "the daemon's" : "its own" };
}

async function namespaces(pid: number, daemon: number): Promise<Surroundings> {
  const found: Record<string, string> = {};
  for (const name of await readdir(`/proc/${pid}/ns`)) {
    const [own, daemons] = await Promise.all([pid, daemon].map((process) => readlink(`/proc/${process}/ns/${name}`)));
    found[`namespace ${name}`] = own === daemons ? "the daemon's" : "its own";
  }
  return found;
}

async function paths(pid: number): Promise<Surroundings> {
  const [cwd = "", root = "", exe = ""] = await Promise.all(
    ["cwd", "root", "exe"].map((name) => readlink(`/proc/${pid}/${name}`)),
  );
  return { cwd, root, exe };
}

async function environment(pid: number): Promise<Surroundings> {
  const settings = (await read(pid, "environ")).split("\0").filter((setting) => setting !== "");
  return Object.fromEntries(
    settings.map((setting) => [`environment ${setting.split("=")[0]}`, setting.slice(setting.indexOf("=") + 1)]),
  );
}

/** Each of the first three, and how many there are of each other kind. */
async function descriptors(pid: number): Promise<Surroundings> {
  const found: Record<string, string> = {};
  const kinds = new Map<string, number>();
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    const target = (await readlink(`/proc/${pid}/fd/${fd}`)).replace(/:\[\d+\]$/, "");
    const flags = /^flags:\s*(\d+)$/m.exec(await read(pid, `fdinfo/${fd}`))?.[1] ?? "";
    if (Number(fd) < 3) found[`descriptor ${fd}`] = `${target}, flags ${flags}`;
    else kinds.set(target, (kinds.get(target) ?? 0) + 1);
  }
  for (const [kind, count] of kinds) found[`descriptors ${kind}`] = String(count);
  return found;
}
