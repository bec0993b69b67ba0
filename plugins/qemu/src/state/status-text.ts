import type { Domain as DomainConfig } from "@polyvisor/sdk/conf";
import { formatDomain } from "@polyvisor/sdk/conf/domain";
import type { Guest } from "../guest.js";
import { pluggingOf } from "../hotplug/plugging.js";
import { formatStatus, type GuestRecord } from "./status-file.js";

/** What a guest's status file says of it, as it is now. */
export function statusText(record: GuestRecord, guest: Guest): string {
  const plugging = pluggingOf(guest);
  const coming = plugging && { ...plugging, domain: formatLive(plugging.domain) };
  return formatStatus(record, formatLive(guest.config), coming);
}

function formatLive(config: DomainConfig): string {
  return formatDomain(config, { secure: true, status: true, level: 1 });
}
