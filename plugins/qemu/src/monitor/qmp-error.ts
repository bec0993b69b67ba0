import { VirtError } from "@polyvisor/core";

/** The emulator refused a command. */
export class QmpError extends VirtError {
  /** QEMU's class of the error: `GenericError`, `CommandNotFound`, `DeviceNotFound`. */
  readonly qmpClass: string;
  /** QEMU's own words. */
  readonly description: string;

  constructor(command: string, qmpClass: string, description: string) {
    super("INTERNAL_ERROR", `unable to execute QEMU command '${command}': ${description}`, { domain: "QEMU" });
    this.qmpClass = qmpClass;
    this.description = description;
  }
}

/** The answer, or nothing where the emulator refuses the command; every other failure stays one. */
export function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof QmpError) return undefined;
    throw error;
  });
}

/** The emulator said something that no QMP server says, or nothing any more. */
export function monitorError(detail: string, hint?: string): VirtError {
  return new VirtError("INTERNAL_ERROR", detail, { domain: "QEMU", ...(hint === undefined ? {} : { hint }) });
}
