import { systemErrorText } from "@polyvisor/sdk/process";

/** Why something failed: in the C library's words where a call of the system did. */
export function systemWords(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return errno === undefined ? message : systemErrorText(errno);
}
