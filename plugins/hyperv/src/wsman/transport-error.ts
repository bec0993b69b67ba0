import { VirtError } from "@polyvisor/core";
import { hypervError } from "../errors.js";

interface Where {
  readonly host: string;
  readonly port: number;
  readonly deadline: number;
  readonly isLate: boolean;
}

const CONNECT_ERRORS: ReadonlySet<string> = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"]);
const DNS_ERRORS: ReadonlySet<string> = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL"]);

/** What went wrong on the way to a server, with the numbers of the library that libvirt uses: scripts know them. */
export function transportError(error: unknown, what: string, { host, port, deadline, isLate }: Where): unknown {
  if (error instanceof VirtError) return error;
  const { code = "", message = "" } = error as NodeJS.ErrnoException;
  const failed = (words: string, hint: string) =>
    hypervError("INTERNAL_ERROR", `Transport error during ${what}: ${words}`, hint, { cause: error });
  if (isLate) {
    const words = `Operation timed out after ${deadline} milliseconds (28)`;
    return failed(words, "the server does not answer: is it up, and is the way to it free?");
  }
  if (CONNECT_ERRORS.has(code)) {
    return failed("Couldn't connect to server (7)", `does WinRM listen at ${host}, port ${port}?`);
  }
  if (DNS_ERRORS.has(code)) return failed(`Couldn't resolve host '${host}' (6)`, "look at the host of the URI");
  if (/CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|ERR_TLS_/.test(code)) {
    const hint = "say in hyperv.conf which authorities to trust (ca_file), or trust any certificate with no_verify=1";
    return failed(`SSL peer certificate was not OK (60): ${message}`, hint);
  }
  if (/^(?:EPROTO|ERR_SSL)/.test(code)) return failed("SSL connect error (35)", "is it transport=http?");
  if (code === "ECONNRESET" || code === "EPIPE" || code.startsWith("HPE_") || message === "aborted") {
    return failed("Failure when receiving data from the peer (56)", "is this WinRM?");
  }
  return failed(`${message} (7)`, `tried for at most ${deadline} ms`);
}
