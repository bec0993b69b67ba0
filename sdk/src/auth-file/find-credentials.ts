import { type Identity, VirtError } from "@polyvisor/core";
import { authFiles, credentialsFor } from "./auth-file.js";

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** A host that somebody is to log in at. */
export interface LoginPlace {
  /** What libvirt calls the service: `esx`, `hyperv`. */
  readonly service: string;
  readonly host: string;
  /** Where the URI says who logs in. */
  readonly user: string | undefined;
  /** The authentication file that the URI names. */
  readonly authFile: string | undefined;
  /** The one that the settings of the driver's plugin name. */
  readonly settingsFile: string | undefined;
}

/**
 * Who logs in at a host, and with which password: nobody can be asked, so the authentication file says so. Throws
 * `AUTH_FAILED` where it does not, and `OPERATION_DENIED` where a client names a file that is not for it to choose.
 */
export async function findCredentials(place: LoginPlace, identity: Identity): Promise<Credentials> {
  const { service, host, authFile, settingsFile } = place;
  if (authFile !== undefined) checkMayName(authFile, service, identity);
  const named = authFile ?? settingsFile;
  // what the URI and the settings say is meant for this driver; the environment is for all
  const env = named === undefined ? process.env : { ...process.env, LIBVIRT_AUTH_FILE: undefined };
  const found = await credentialsFor(host, authFiles(named, env, process.getuid?.() ?? 0), service);
  const user = place.user ?? found.get("username");
  if (user === undefined) throw failed("Username request failed", service);
  const password = found.get("password");
  if (password === undefined) throw failed("Password request failed", service);
  return { user, password };
}

/** The daemon reads the file with its own rights, and sends what is in it away: only who may do that anyway may name one. */
function checkMayName(file: string, service: string, { uid }: Identity): void {
  if (uid !== undefined && (uid === 0 || uid === process.getuid?.())) return;
  throw new VirtError("OPERATION_DENIED", `the authentication file '${file}' cannot be chosen by this client`, {
    domain: "AUTH",
    hint: `set auth_file in plugins/${service}.conf`,
  });
}

function failed(detail: string, service: string): VirtError {
  const hint = `nobody can be asked: put [auth-${service}-HOST] with username and password into the authentication file`;
  return new VirtError("AUTH_FAILED", detail, { domain: "AUTH", hint });
}
