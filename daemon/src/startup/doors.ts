import { access } from "node:fs/promises";
import { join } from "node:path";
import type { LoginOffer, LoginTerms } from "../auth/login.js";
import type { SaslParts } from "../auth/offers.js";
import { nameTest } from "../auth/patterns.js";
import type { PolkitAuthority } from "../auth/polkit.js";
import { polkitLogin } from "../auth/polkit-login.js";
import type { Settings } from "../config/schema.js";
import type { ListenAt, NetworkDoor } from "../listen/door.js";
import type { TlsFiles, TlsMaterial } from "../listen/tls/files.js";
import type { Activated } from "./activation.js";
import type { Locations } from "./locations.js";
import { type Socket, socketsOf } from "./sockets.js";

type Method = Settings["auth_unix_rw"];

/** The doors of a daemon. */
export interface Doors {
  /** Sockets to make, with the group that they get. */
  readonly sockets: readonly Socket[];
  /** All of them, in the order in which they are opened. */
  readonly all: readonly ListenAt[];
}

/** Works out from the settings where clients come in, and what they have to prove. Throws a `StartError`. */
export async function doorsOf(
  locations: Locations,
  settings: Settings,
  activated: Activated,
  parts: LoginParts,
): Promise<Doors> {
  const logins = await loginsOf(locations, settings, parts);
  const own = activated.size === 0 ? socketsOf(locations, settings) : [];
  const sockets = own.map((socket) => ({
    ...socket,
    ...logins[socket.readOnly ? settings.auth_unix_ro : settings.auth_unix_rw],
  }));
  const inherited = [
    ...inheritedUnix(activated.get("manage"), false, logins[settings.auth_unix_rw]),
    ...inheritedUnix(activated.get("monitor"), true, logins[settings.auth_unix_ro]),
  ];
  const network = await networkDoors(locations, settings, activated, logins[settings.auth_tls]);
  return { sockets, all: [...sockets, ...inherited, ...network] };
}

/** What of a door's terms each method fills in. */
type Logins = Readonly<Record<Method, { readonly login?: LoginTerms }>>;

/** What logins are made of. */
export interface LoginParts extends Omit<SaslParts, "users"> {
  readonly authority: PolkitAuthority;
}

/** What SASL needs must be there only where somebody has to log in by it. */
async function loginsOf(locations: Locations, settings: Settings, parts: LoginParts): Promise<Logins> {
  const { auth_unix_ro, auth_unix_rw, auth_tls, listen_tls, sasl_mechanisms } = settings;
  const isWanted = [auth_unix_ro, auth_unix_rw, listen_tls ? auth_tls : "none"].includes("sasl");
  const sasl = isWanted ? await offersOfSasl(usersPath(locations, settings), sasl_mechanisms, parts) : [];
  const polkit = { mechanism: "polkit", by: polkitLogin(parts.authority) };
  return {
    none: {},
    sasl: { login: { offers: sasl, mayEnter: nameTest(settings.sasl_allowed_username_list) } },
    polkit: { login: { offers: [polkit], mayEnter: () => true } },
  };
}

async function offersOfSasl(
  usersFile: string,
  mechanisms: Settings["sasl_mechanisms"],
  parts: LoginParts,
): Promise<LoginOffer[]> {
  const [{ saslOffers }, { UsersFile }] = await Promise.all([
    import("../auth/offers.js"),
    import("../auth/sasl/users.js"),
  ]);
  return saslOffers(mechanisms, { ...parts, users: new UsersFile(usersFile) });
}

/** Where the users of SASL are. */
export function usersPath(locations: Locations, settings: Settings): string {
  return settings.sasl_users_file ?? join(locations.paths.config, "sasl-users");
}

function inheritedUnix(descriptor: number | undefined, readOnly: boolean, login: Logins[Method]): ListenAt[] {
  return descriptor === undefined ? [] : [{ descriptor, isUnix: true, readOnly, ...login }];
}

/** A service manager that made sockets decides which there are: the settings about listening do not count then. */
async function networkDoors(
  locations: Locations,
  settings: Settings,
  activated: Activated,
  login: Logins[Method],
): Promise<NetworkDoor[]> {
  const descriptor = activated.get("tls");
  if (descriptor === undefined && (activated.size > 0 || !settings.listen_tls)) return [];
  const tls = {
    material: await tlsMaterial(locations, settings),
    versions: settings.tls_priority,
    wantsCertificate: !settings.tls_no_verify_certificate,
    allowedNames: settings.tls_allowed_dn_list,
  };
  const terms = { readOnly: false, tls, ...login };
  if (descriptor !== undefined) return [{ descriptor, isUnix: false, ...terms }];
  const host = settings.listen_addr;
  return [{ port: settings.tls_port, ...(host === undefined ? {} : { host }), ...terms }];
}

/** The certificates that the settings name, read now. Throws a `StartError`. */
export async function tlsMaterial(locations: Locations, settings: Settings): Promise<TlsMaterial> {
  const { certificates } = locations;
  const files: TlsFiles = {
    ca: settings.ca_file ?? certificates.ca,
    cert: settings.cert_file ?? certificates.cert,
    key: settings.key_file ?? certificates.key,
    crl: settings.crl_file ?? (await existing(certificates.crl)),
  };
  const { readTlsFiles } = await import("../listen/tls/files.js");
  return readTlsFiles(files, !settings.tls_no_sanity_certificate);
}

async function existing(path: string): Promise<string | undefined> {
  return access(path).then(
    () => path,
    () => undefined,
  );
}
