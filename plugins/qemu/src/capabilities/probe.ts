import { spawn } from "node:child_process";
import { VirtError } from "@polyvisor/core";
import { PROBE_COMMANDS, PROBE_COMMANDS_TCG, type ProbeCommand } from "./commands.js";
import { capabilitiesFrom, type ProbeReplies } from "./derive.js";
import { isObject, type Json } from "./json.js";
import type { QemuCapabilities } from "./model.js";

const DEADLINE_MS = 30_000;
const STDERR_KEPT = 4096;

/** All answers together take about a megabyte. What says more is no emulator. */
const ANSWERS_MAX = 67_108_864;

/** Runs the emulator once (twice when it has KVM) and asks everything in one batch. Takes about 50 ms. */
export async function probeEmulator(emulator: string): Promise<QemuCapabilities> {
  const first = await ask(emulator, "kvm:tcg", PROBE_COMMANDS);
  const kvm = first("query-kvm");
  const tcg = isObject(kvm) && kvm.enabled === true ? await ask(emulator, "tcg", PROBE_COMMANDS_TCG) : undefined;
  return capabilitiesFrom(emulator, first, tcg);
}

/**
 * Asks one emulator process. It is started by a shell, since a spawn waits for the exec itself and the
 * emulator may lie on a file system that hangs; the deadline then still ends the wait.
 */
function ask(emulator: string, accel: string, commands: readonly ProbeCommand[]): Promise<ProbeReplies> {
  const argv = ["-S", "-no-user-config", "-nodefaults", "-display", "none", "-machine", `none,accel=${accel}`];
  const child = spawn("/bin/sh", ["-c", 'exec "$0" "$@"', emulator, ...argv, "-qmp", "stdio"], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env.PATH ?? "", LC_ALL: "C" },
  });
  return new Promise((resolve, reject) => {
    const replies = new Map<string, Json>();
    let pending = "";
    let errors = "";
    let answered = 0;
    let heard = 0;
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      // What hangs in the kernel is left behind, and must not keep us from ending.
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      reject(failure(emulator, `no answer within ${DEADLINE_MS / 1000} s`));
    }, DEADLINE_MS);
    child.on("error", (error) => reject(failure(emulator, error.message)));
    child.on("close", () => {
      clearTimeout(timer);
      if (answered < commands.length) reject(failure(emulator, errors.trim()));
      else resolve((key) => replies.get(key));
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(-STDERR_KEPT);
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      heard += text.length;
      if (heard > ANSWERS_MAX) {
        child.kill("SIGKILL");
        return;
      }
      const lines = (pending + text).split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) {
        const message = parseMessage(line);
        const command = typeof message?.id === "number" ? commands[message.id] : undefined;
        if (message === undefined || command === undefined) continue;
        answered++;
        if (message.return !== undefined) replies.set(command.key, message.return);
      }
      // Told to quit, it would drop what of its answers does not fit into the pipe.
      if (answered === commands.length) child.kill("SIGKILL");
    });
    // An emulator that ends at once breaks the pipe: its words on stderr say why, not EPIPE.
    child.stdin.on("error", () => {});
    // It stays open: at its end an emulator forgets the questions that still wait.
    child.stdin.write(batchOf(commands));
  });
}

function batchOf(commands: readonly ProbeCommand[]): string {
  const questions = commands.map(({ key: _, ...command }, id) => ({ ...command, id }));
  return [{ execute: "qmp_capabilities" }, ...questions].map((item) => `${JSON.stringify(item)}\n`).join("");
}

function parseMessage(line: string): { readonly id?: Json; readonly return?: Json } | undefined {
  try {
    const message = JSON.parse(line) as Json;
    return isObject(message) ? (message as { readonly id?: Json; readonly return?: Json }) : undefined;
  } catch {
    return undefined;
  }
}

function failure(emulator: string, reason: string): VirtError {
  const detail = `Failed to probe QEMU binary with QMP: ${reason === "" ? `${emulator} ended without a word` : reason}`;
  return new VirtError("INTERNAL_ERROR", detail, {
    domain: "QEMU",
    hint: `is ${emulator} a QEMU system emulator? Try: ${emulator} --version`,
  });
}
