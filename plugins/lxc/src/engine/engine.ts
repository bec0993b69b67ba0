import { access, constants } from "node:fs/promises";
import { VirtError } from "@polyvisor/core";

/** A program that runs containers by the runtime specification. */
export interface Engine {
  readonly name: "crun" | "runc";
  readonly path: string;
}

/** The file in an engine's folder of a container that says, once it is there, that the container runs: JSON with its `pid`. */
export const STATUS = "status";

/** Whether an engine writes `STATUS` by itself, just after it has let the container's init go. */
export function writesStatus({ name }: Engine): boolean {
  return name === "crun";
}

const FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/** The first is the quicker one. */
const NAMES = ["crun", "runc"] as const;

/** The last one that was found by each name; whether it is still there is looked at each time. */
const found = new Map<string | undefined, Engine>();

/** `wanted`: the path or the name of the one that the operator has chosen. */
export async function findEngine(wanted?: string): Promise<Engine | undefined> {
  const known = found.get(wanted);
  if (known !== undefined && (await isProgram(known.path))) return known;
  const engine = await lookForEngine(wanted);
  if (engine !== undefined) found.set(wanted, engine);
  return engine;
}

async function lookForEngine(wanted: string | undefined): Promise<Engine | undefined> {
  if (wanted?.startsWith("/")) {
    const name = wanted.endsWith("runc") ? "runc" : "crun";
    return (await isProgram(wanted)) ? { name, path: wanted } : undefined;
  }
  for (const name of NAMES) {
    if (wanted !== undefined && wanted !== name) continue;
    for (const folder of FOLDERS) if (await isProgram(`${folder}/${name}`)) return { name, path: `${folder}/${name}` };
  }
  return undefined;
}

export async function requireEngine(wanted?: string): Promise<Engine> {
  const engine = await findEngine(wanted);
  if (engine !== undefined) return engine;
  throw new VirtError("CONFIG_UNSUPPORTED", "there is no program that runs containers", {
    domain: "LXC",
    hint: "install one: apt install crun",
  });
}

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
