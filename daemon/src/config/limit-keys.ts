import { z } from "zod/v3";
import { atLeast } from "./values.js";

const audit = "there is no audit trail here";

/** The keys about how much clients may take at a time, and how long they may be silent. */
export const limitKeys = {
  max_clients: atLeast(1).default(5000),
  /** Clients over `max_clients` that wait for their turn. */
  max_queued_clients: atLeast(0).default(1000),
  /** Clients that have not proved who they are, where they have to; 0 for any number. */
  max_anonymous_clients: atLeast(0).default(20),
  /** In seconds; 0 waits for a login as long as it takes. */
  login_timeout: z.number().int().min(0).max(86400).default(120),
  /** Slow calls of one client that run at a time. */
  max_client_requests: atLeast(1).default(5),
  /** Slow calls of all clients that run at a time; any number without it. */
  max_workers: atLeast(1).optional(),
  /** In seconds; -1 never asks a client whether it is alive. */
  keepalive_interval: z.number().int().min(-1).max(2147483647).default(5),
  keepalive_count: atLeast(0).default(5),
  /** Clients of the admin socket. */
  admin_max_clients: atLeast(1).default(5000),
  min_workers: atLeast(0).optional(),
  prio_workers: atLeast(0).optional(),
  admin_min_workers: atLeast(0).optional(),
  admin_max_workers: atLeast(1).optional(),
  admin_max_queued_clients: atLeast(0).optional(),
  admin_max_client_requests: atLeast(1).optional(),
  admin_keepalive_interval: z.number().int().min(-1).optional(),
  admin_keepalive_count: atLeast(0).optional(),
  keepalive_required: z.number().int().optional(),
  admin_keepalive_required: z.number().int().optional(),
  ovs_timeout: atLeast(0).optional(),
  audit_level: z
    .number()
    .refine((level) => level === 0 || level === 1, { message: `must be 0, or 1 (audit where the host can): ${audit}` })
    .optional(),
  audit_logging: z
    .number()
    .refine((value) => value === 0, { message: `must be 0: ${audit}; what is refused is in the log` })
    .optional(),
} as const;
