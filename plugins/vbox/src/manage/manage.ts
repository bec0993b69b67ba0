import { VirtError } from "@polyvisor/core";
import { type HelperResult, runHelper } from "@polyvisor/sdk/process";
import { type Block, type Listed, parseBlocks, parseMachines, parsePairs } from "./output.js";

/** What VBoxManage says has gone wrong: its sentence, and VirtualBox's name of the error where it tells one. */
export interface Complaint {
  readonly message: string;
  readonly code: string | undefined;
}

/** The most that one answer may have, in bytes: a long list of media with all that is known of them. */
const MAX_OUTPUT = 64 << 20;

/** VBoxManage as a program that is asked, each time with a deadline. */
export class VBoxManage {
  readonly #program: string;
  readonly #deadline: number;

  /** `deadline` in milliseconds, for each question. */
  constructor(program: string, deadline: number) {
    this.#program = program;
    this.#deadline = deadline;
  }

  /** Its output. Fails with what VBoxManage says: `INTERNAL_ERROR`, or `OPERATION_TIMEOUT` where it does not answer. */
  async run(...args: readonly string[]): Promise<string> {
    const answer = await this.try(...args);
    if ("complaint" in answer) throw failure(answer.complaint, args);
    return answer.output;
  }

  /** The same, where a refusal is one of the answers. */
  async try(...args: readonly string[]): Promise<{ readonly output: string } | { readonly complaint: Complaint }> {
    const result = await runHelper([this.#program, "--nologo", ...args], {
      deadline: this.#deadline,
      maxOutput: MAX_OUTPUT,
      env: environment(),
    }).catch((error: unknown) => {
      throw unavailable(this.#program, error);
    });
    return result.status === 0 ? { output: result.stdout } : { complaint: complaintOf(result) };
  }

  async version(): Promise<number> {
    const [, major, minor, micro] = /^(\d+)\.(\d+)\.(\d+)/m.exec(await this.run("--version")) ?? [];
    if (major === undefined)
      throw new VirtError("INTERNAL_ERROR", "Could not extract VirtualBox version", {
        hint: `'${this.#program} --version' says something else`,
      });
    return Number(major) * 1_000_000 + Number(minor) * 1000 + Number(micro);
  }

  async machines(): Promise<Listed[]> {
    return parseMachines(await this.run("list", "vms"));
  }

  /** What `list KIND` prints, thing by thing. */
  async list(kind: string): Promise<Block[]> {
    return parseBlocks(await this.run("list", kind));
  }

  /** All that is known of a machine; `undefined` where there is none. */
  async info(machine: string): Promise<ReadonlyMap<string, string> | undefined> {
    const answer = await this.try("showvminfo", machine, "--machinereadable");
    if (!("complaint" in answer)) return parsePairs(answer.output);
    if (isMissing(answer.complaint)) return undefined;
    throw failure(answer.complaint, ["showvminfo"]);
  }
}

export function isMissing({ code }: Complaint): boolean {
  return code === "VBOX_E_OBJECT_NOT_FOUND";
}

export function failure({ message, code }: Complaint, args: readonly string[]): VirtError {
  return new VirtError("INTERNAL_ERROR", message, {
    hint: `'VBoxManage ${args.slice(0, 3).join(" ")}' said so${code === undefined ? "" : ` (${code})`}`,
  });
}

/** Its messages begin with the program's name and `error:`; further lines tell the code. */
function complaintOf({ status, stderr, stdout }: HelperResult): Complaint {
  const text = `${stderr}\n${stdout}`;
  const [, message] = /^\S+: error: (.*)$/m.exec(text) ?? [];
  const [, code] = /\b(?:code|rc=)\s*((?:VBOX_)?E_[A-Z_]+|NS_ERROR_[A-Z_]+|VERR_[A-Z_]+)/.exec(text) ?? [];
  return { message: message?.trim() || `VBoxManage ended with status ${status}`, code };
}

function unavailable(program: string, error: unknown): unknown {
  if (!(error instanceof VirtError)) return error;
  if (error.code === "OPERATION_TIMEOUT")
    return new VirtError("OPERATION_TIMEOUT", error.detail, {
      hint: "VirtualBox's service may hang: look for VBoxSVC",
      cause: error,
    });
  return new VirtError("INTERNAL_ERROR", `unable to initialize VirtualBox driver: ${error.detail}`, {
    hint: `install VirtualBox, or name its program: vboxmanage = "/path/to/VBoxManage" (now '${program}')`,
    cause: error,
  });
}

/** Its own words in English, names in UTF-8, and the settings of the user whose machines they are. */
function environment(): Record<string, string> {
  const kept = ["HOME", "USER", "LOGNAME", "VBOX_USER_HOME", "VBOX_IPC_SOCKETID", "XDG_CONFIG_HOME", "DISPLAY"];
  const words = kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return { ...Object.fromEntries(words), LC_ALL: "C.UTF-8", LANGUAGE: "C" };
}
