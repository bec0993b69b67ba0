import { type Identity, VirtError } from "@polyvisor/core";
import { authFiles, credentialsFor } from "@polyvisor/sdk/auth-file";
import type { EsxConfig } from "./config.js";
import type { EsxUri } from "./uri.js";

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

const HINT = "nobody can be asked: put [auth-esx-HOST] with username and password into the authentication file";

/**
 * Who logs in at a host, and with which password: nobody can be asked, so the authentication file says so. Throws
 * `AUTH_FAILED` where it does not, and `OPERATION_DENIED` where a client names a file that is not for it to choose.
 */
export async function findCredentials(
  uri: EsxUri,
  host: string,
  config: EsxConfig,
  identity: Identity,
): Promise<Credentials> {
  if (uri.authFile !== undefined) checkMayName(uri.authFile, identity);
  const named = uri.authFile ?? config.auth_file;
  // what the URI and the settings say is meant for this driver; the environment is for all
  const env = named === undefined ? process.env : { ...process.env, LIBVIRT_AUTH_FILE: undefined };
  const found = await credentialsFor(host, authFiles(named, env, process.getuid?.() ?? 0), "esx");
  const user = uri.user ?? found.get("username");
  if (user === undefined) throw failed("Username request failed");
  const password = found.get("password");
  if (password === undefined) throw failed("Password request failed");
  return { user, password };
}

/** The daemon reads the file with its own rights, and sends what is in it away: only who may do that anyway may name one. */
function checkMayName(file: string, { uid }: Identity): void {
  if (uid !== undefined && (uid === 0 || uid === process.getuid?.())) return;
  throw new VirtError("OPERATION_DENIED", `the authentication file '${file}' cannot be chosen by this client`, {
    domain: "AUTH",
    hint: "set auth_file in plugins/esx.conf",
  });
}

function failed(detail: string): VirtError {
  return new VirtError("AUTH_FAILED", detail, { domain: "AUTH", hint: HINT });
}
