// the API of version 3, which zod keeps: with that of version 4 come its messages in 60 languages, a tenth of a start
import { parseUri, VirtError } from "@polyvisor/core";
import { z } from "zod/v3";
import { parseFilters, parseOutputs } from "../log/settings.js";
import { parseMetricsPlace } from "../metrics/place.js";
import { parseUpstream } from "../rpc/upstream.js";
import { doorKeys } from "./door-keys.js";
import { hostUuidKeys } from "./host-uuid.js";
import { isolationKeys } from "./isolation-keys.js";
import { limitKeys } from "./limit-keys.js";
import { pluginKeys } from "./plugin-keys.js";
import { providerKeys } from "./provider-keys.js";
import { absolutePath, permissions, text } from "./values.js";

const logOutputs = z.string().refine((value) => isGood(parseOutputs, value), {
  message: 'must be outputs such as "3:stderr" or "1:file:/var/log/libvirt/polyvisord.log", separated by spaces',
});

const logFilters = z.string().refine((value) => isGood(parseFilters, value), {
  message: 'must be filters such as "1:qemu 4:domainCreate", separated by spaces',
});

function isGood(parse: (text: string) => unknown, value: string): boolean {
  try {
    parse(value);
    return true;
  } catch {
    return false;
  }
}

const metricsPlace = z.string().transform((value, context) => {
  const place = parseMetricsPlace(value);
  if (place !== undefined) return place;
  context.addIssue({
    code: "custom",
    message: 'must be "unix:/path", or an address of this machine alone with a port, such as "127.0.0.1:9177"',
  });
  return z.NEVER;
});

const upstream = z.string().transform((value, context) => {
  try {
    return parseUpstream(value);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof VirtError ? error.detail : String(error) });
    return z.NEVER;
  }
});

const uri = text.refine((value) => isGood(parseUri, value), {
  message: "must be a URI such as qemu:///system or test:///default",
});

/**
 * What the configuration file may hold: the keys of libvirtd.conf that this daemon honours, and its own. A default that is
 * left out depends on where the daemon runs.
 */
export const settingsSchema = z
  .object({
    /** The group that owns the sockets. */
    unix_sock_group: text.optional(),
    unix_sock_ro_perms: permissions.default("0777"),
    /** Without it only the owner, or everybody where polkit is asked about them. */
    unix_sock_rw_perms: permissions.optional(),
    unix_sock_admin_perms: permissions.default("0700"),
    /** The folder of the sockets. */
    unix_sock_dir: absolutePath.optional(),
    ...doorKeys,
    ...limitKeys,
    /** 1 debug, 2 information, 3 warnings, 4 errors. */
    log_level: z.number().int().min(1).max(4).default(3),
    /** Other levels for lines of some plugin, call or part of the daemon. */
    log_filters: logFilters.optional(),
    log_outputs: logOutputs.optional(),
    /** Where Prometheus may read metrics: a unix socket, or a port of this machine alone. Nowhere by default. */
    metrics_listen: metricsPlace.optional(),
    ...hostUuidKeys,
    /** The URI of clients that name none. */
    uri_default: uri.optional(),
    /** Other daemons that clients may reach through this one, with the way to each. None by default. */
    remote_uris: z.array(upstream).default([]),
    /** Who decides on access, beside the sockets' permissions: "rules", "polkit", plugins; all of them must agree. */
    access_drivers: z.array(text).default([]),
    /** The file of the driver "rules"; access.rules beside this file by default. */
    access_rules: absolutePath.optional(),
    ...pluginKeys,
    ...isolationKeys,
    ...providerKeys,
  })
  .strict();

export type Settings = z.infer<typeof settingsSchema>;
