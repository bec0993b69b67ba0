import { getSystemErrorMap } from "node:util";
import { ERRORS, refusalIn, VirtError, type wireError, type xdr } from "@polyvisor/core";

/** The error that a peer sent. A peer that does not know a call says so with `RPC`, which means `NO_SUPPORT` to a caller. */
export function errorOfPeer(wire: xdr.OutOf<typeof wireError>): VirtError {
  const message = wire.message ?? "Unknown error";
  const unknownCall = wire.code === ERRORS.RPC.code && message.startsWith("unknown procedure");
  return VirtError.fromWire({
    code: unknownCall ? ERRORS.NO_SUPPORT.code : wire.code,
    domain: wire.domain,
    level: wire.level,
    message,
    detail: wire.str2 ?? undefined,
    ...refusalIn(wire),
    about: wire.dom ?? undefined,
    hint: wire.str3 ?? undefined,
  });
}

/** What a call gets that is made, or still waits, after its connection was closed. */
export function clientClosed(): VirtError {
  return new VirtError("INTERNAL_ERROR", "client socket is closed", {
    domain: "RPC",
    hint: "open a new connection",
  });
}

/**
 * The peer closed the connection, or died, while calls could still be made on it.
 *
 * @param words what the program that carried the connection said
 */
export function peerGone(words = ""): VirtError {
  const hint = words === "" ? "the daemon's log tells why it hung up" : "try the same command by hand";
  return systemError(joined("End of file while reading data", words), "Input/output error", hint);
}

/** The peer answered none of as many pings as it was allowed to miss. */
export function keepaliveTimeout(): VirtError {
  return new VirtError("INTERNAL_ERROR", "connection closed due to keepalive timeout", {
    domain: "RPC",
    hint: "the daemon hangs or its machine is gone; open a new connection once it answers",
  });
}

/** The peer sent something that the protocol has no place for. */
export function protocolError(detail: string, cause?: unknown): VirtError {
  return new VirtError("RPC", detail, { domain: "RPC", cause });
}

/** The caller gave up. The daemon may carry the call out all the same: the protocol has no way to take it back. */
export function callAborted(signal: AbortSignal): VirtError {
  return new VirtError("OPERATION_ABORTED", "the caller stopped waiting for the reply", {
    domain: "RPC",
    cause: signal.reason,
  });
}

/** The longest path of a unix socket in bytes. Node cuts a longer one short, and would connect to another socket. */
const SOCKET_PATH_MAX = 107;

/** Why a path can be no socket's; `undefined` where it can. Node takes an empty path for a TCP port. */
export function pathProblem(path: string): VirtError | undefined {
  if (path === "" || path.includes("\0"))
    return systemError(
      `Failed to connect socket to '${path}'`,
      "No such file or directory",
      "name a socket by its path",
    );
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return undefined;
  return systemError(
    `Path ${path} too long for unix socket`,
    "Cannot allocate memory",
    `a socket's path has at most ${SOCKET_PATH_MAX} bytes`,
  );
}

export function connectFailed(path: string, error: NodeJS.ErrnoException): VirtError {
  const hints: Record<string, string> = {
    ENOENT: "no daemon runs there: start polyvisord, or name its socket with socket=PATH in the URI",
    ECONNREFUSED: "no daemon listens on the socket any more: start polyvisord",
    EACCES: "this user may not connect; try a read-only connection, or ask for access to the socket",
  };
  return systemError(`Failed to connect socket to '${path}'`, reasonOf(error), hints[error.code ?? ""], error);
}

/** `getaddrinfo` knows no such host; a name server that does not answer is told with `EAI_AGAIN`. */
const UNRESOLVED: Record<string, string> = {
  ENOTFOUND: "Name or service not known",
  EAI_AGAIN: "Temporary failure in name resolution",
};

/** A host has several addresses, and none of them could be reached: the first one's failure is told. */
export function connectTcpFailed(host: string, port: number, error: NodeJS.ErrnoException): VirtError {
  const unresolved = UNRESOLVED[error.code ?? ""];
  if (unresolved !== undefined)
    return new VirtError("INTERNAL_ERROR", `Unable to resolve address '${host}' service '${port}': ${unresolved}`, {
      domain: "RPC",
      hint: "check the host's name in the URI",
      cause: error,
    });
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error;
  const hint = "check that the daemon listens on TCP there, and that no firewall is between";
  return systemError(`unable to connect to server at '${host}:${port}'`, reasonOf(first), hint, error);
}

/** The two sides found no way to speak TLS with one another, or a certificate file is damaged. */
export function tlsFailed(error: Error): VirtError {
  return new VirtError("AUTH_FAILED", `TLS handshake failed ${error.message.trim()}`, { domain: "RPC", cause: error });
}

/** The server's certificate does not prove that it is the host that was asked for. */
export function tlsPeerUnproved(host: string, reason: Error | string): VirtError {
  return new VirtError("AUTH_FAILED", "Failed to verify peer's certificate", {
    domain: "RPC",
    hint: `the server that answers as ${host} has no certificate that proves it: ${typeof reason === "string" ? reason : reason.message}`,
    cause: reason,
  });
}

/** The server hung up instead of accepting this client. */
export function tlsPeerRefused(): VirtError {
  return new VirtError("RPC", "server verification (of our certificate or IP address) failed", {
    domain: "RPC",
    hint: "the server asks for a client certificate of its authority, and may allow some names only",
  });
}

/** A read or write of the socket failed. Whether a write fails or a read first when a program ended is chance: both tell its words alike. */
export function socketFailed(error: NodeJS.ErrnoException, words = ""): VirtError {
  if (error.syscall !== "write")
    return systemError(joined("Cannot recv data", words), reasonOf(error), undefined, error);
  return words === "" ? systemError("Cannot write data", reasonOf(error), undefined, error) : peerGone(words);
}

function joined(what: string, words: string): string {
  return words === "" ? what : `${what}: ${words}`;
}

function systemError(what: string, reason: string, hint?: string, cause?: unknown): VirtError {
  return new VirtError("SYSTEM_ERROR", `${what}: ${reason}`, {
    domain: "RPC",
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The system's words for an error number, spelled as the C library spells them. */
function reasonOf(error: NodeJS.ErrnoException): string {
  const text = error.errno === undefined ? undefined : getSystemErrorMap().get(error.errno)?.[1];
  return text === undefined ? error.message : text.charAt(0).toUpperCase() + text.slice(1);
}
