import { type RemoteProgramClient, VirtError } from "@polyvisor/core";
import { type Credentials, SCRAM_HASHES, ScramClient, type ScramMechanism } from "./scram.js";

const AUTH = { NONE: 0, SASL: 1, POLKIT: 2 } as const;

export interface Login {
  /** `sasl`, `sasl.MECHANISM` or `polkit` where the URI wants one of them. */
  readonly wanted: string | undefined;
  /** What is known of the daemon's host in the file with passwords; asked only where the daemon wants a password. */
  credentials(): Promise<ReadonlyMap<string, string>>;
}

/** Logs in as the daemon asks. Fails with `AUTH_FAILED`. */
export async function logIn(api: RemoteProgramClient, login: Login): Promise<void> {
  const type = chosen(await api.authList({}), login.wanted);
  if (type === AUTH.NONE) return;
  if (type === AUTH.POLKIT) await api.authPolkit({});
  else if (type === AUTH.SASL) await sasl(api, login);
  else throw failed(`unsupported authentication type ${type}`);
}

function chosen(types: readonly number[], wanted: string | undefined): number {
  if (types.length === 0) return AUTH.NONE;
  if (wanted === undefined) return types.includes(AUTH.NONE) ? AUTH.NONE : (types[0] ?? AUTH.NONE);
  const name = wanted.toLowerCase();
  const type = name === "polkit" ? AUTH.POLKIT : /^sasl(\.|$)/.test(name) ? AUTH.SASL : undefined;
  if (type === undefined) throw failed(`unknown authentication type ${wanted}`);
  if (!types.includes(type)) throw failed(`requested authentication type ${wanted} rejected`);
  return type;
}

async function sasl(api: RemoteProgramClient, { wanted, credentials }: Login): Promise<void> {
  const mech = mechanismOf((await api.authSaslInit({})).split(/[\s,]+/), wanted?.slice("sasl.".length));
  const client = new ScramClient(mech, complete(await credentials()));
  const challenge = await api.authSaslStart({ mech, nil: 0, data: client.first() });
  const answer = await api.authSaslStep({ nil: 0, data: await client.final(challenge.data) });
  client.verify(answer.data);
  if (answer.complete === 0) await lastStep(api);
}

/** A server may want to hear once more from the client before it says that all is done. */
async function lastStep(api: RemoteProgramClient): Promise<void> {
  const { complete } = await api.authSaslStep({ nil: 1, data: "" });
  if (complete === 0) throw failed("authentication failed");
}

function mechanismOf(offered: readonly string[], wanted: string | undefined): ScramMechanism {
  if (wanted !== undefined && wanted !== "" && !offered.includes(wanted))
    throw failed(`SASL mechanism ${wanted} not supported by server`);
  const known = Object.keys(SCRAM_HASHES) as ScramMechanism[];
  const found = known.find((mech) =>
    wanted === undefined || wanted === "" ? offered.includes(mech) : mech === wanted,
  );
  if (found !== undefined) return found;
  throw failed(
    `Failed to start SASL negotiation: no mechanism available among ${offered.join(" ")}`,
    `the mechanisms known here are ${known.join(", ")}; a daemon offers them on unix sockets, TLS and ssh only`,
  );
}

function complete(found: ReadonlyMap<string, string>): Credentials {
  const user = found.get("authname") ?? found.get("username");
  const password = found.get("password");
  if (user !== undefined && password !== undefined) return { user, password };
  throw failed(
    "No authentication callback available",
    "the daemon wants a name and a password: write them into libvirt/auth.conf, or name a file with authfile=PATH in the URI",
  );
}

function failed(detail: string, hint?: string): VirtError {
  return new VirtError("AUTH_FAILED", detail, { domain: "REMOTE", ...(hint === undefined ? {} : { hint }) });
}
