import type { Log } from "@polyvisor/core";
import type { Settings } from "./schema.js";

const NO_THREADS = "one thread carries all calls, and places for calls cost nothing";
const IN_TURN = "the calls of a client of the admin socket run one after the other";
const NO_TCP = "plain TCP is not served";

/** Keys of libvirt's files that are checked, and change nothing here; each with the reason. */
export const WITHOUT_EFFECT = {
  min_workers: NO_THREADS,
  prio_workers: "calls of high priority never wait for places",
  admin_min_workers: NO_THREADS,
  admin_max_workers: IN_TURN,
  admin_max_client_requests: IN_TURN,
  admin_max_queued_clients: "clients over admin_max_clients are turned away at once",
  admin_keepalive_interval:
    "the admin program has no call by which a client would ask for pings; libvirtd sends none either",
  admin_keepalive_count:
    "the admin program has no call by which a client would ask for pings; libvirtd sends none either",
  keepalive_required: "libvirt has given it up: a client has to be connected before it can say that it answers pings",
  admin_keepalive_required:
    "libvirt has given it up: a client has to be connected before it can say that it answers pings",
  ovs_timeout: "no driver here runs ovs-vsctl",
  audit_level: "there is no audit trail here",
  audit_logging: "there is no audit trail here",
  tcp_port: NO_TCP,
  auth_tcp: NO_TCP,
  tcp_min_ssf: NO_TCP,
} as const satisfies Partial<Record<keyof Settings, string>>;

/** Called when settings have been read: says of each key that changes nothing why it does not. */
export function tellWithoutEffect(settings: Settings, log: Log): void {
  for (const [setting, reason] of Object.entries(WITHOUT_EFFECT))
    if (settings[setting as keyof Settings] !== undefined)
      log.warn({ setting, reason }, `${setting} has no effect: ${reason}`);
}
