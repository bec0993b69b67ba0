import { PRIORITY_WORDS, versionsOf } from "@polyvisor/sdk/rpc/wire";
import { z } from "zod/v3";
import { absolutePath, atLeast, flag, names, port, text } from "./values.js";

/** The keys about ways in other than the sockets' permissions: networks, certificates, logins. */
export const doorKeys = {
  /** Who may use the sockets is a matter of their permissions, unless this asks for more. */
  auth_unix_ro: z.enum(["none", "sasl", "polkit"]).default("none"),
  auth_unix_rw: z.enum(["none", "sasl", "polkit"]).default("none"),
  listen_tls: flag.default(0),
  tls_port: port.default("16514"),
  /** An address of this machine; without it all of them. */
  listen_addr: text.optional(),
  auth_tls: z.enum(["none", "sasl"]).default("none"),
  key_file: absolutePath.optional(),
  cert_file: absolutePath.optional(),
  ca_file: absolutePath.optional(),
  crl_file: absolutePath.optional(),
  tls_no_sanity_certificate: flag.default(0),
  tls_no_verify_certificate: flag.default(0),
  tls_allowed_dn_list: names.optional(),
  tls_priority: z
    .string()
    .default("NORMAL")
    .transform((priority, context) => {
      const versions = versionsOf(priority);
      if (versions !== undefined) return versions;
      context.addIssue({ code: "custom", message: PRIORITY_WORDS });
      return z.NEVER;
    }),
  /** Our own: how clients log in by SASL, in the order in which they are told of it. */
  sasl_mechanisms: names.min(1).default(["SCRAM-SHA-256"]),
  sasl_allowed_username_list: names.optional(),
  /** Our own: who may log in by SASL. */
  sasl_users_file: absolutePath.optional(),
  /** SCRAM proves who asks, but encrypts nothing; libvirt asks for a mechanism that does. */
  listen_tcp: z
    .number()
    .refine((value) => value === 0, {
      message:
        "must be 0: plain TCP needs a login that also encrypts, and there is none here; use listen_tls = 1, or ssh (qemu+ssh://)",
    })
    .default(0),
  tcp_port: port.optional(),
  auth_tcp: z
    .string()
    .refine((value) => value === "sasl", { message: 'must be "sasl": on plain TCP nothing else would be safe' })
    .optional(),
  tcp_min_ssf: atLeast(112).optional(),
} as const;
