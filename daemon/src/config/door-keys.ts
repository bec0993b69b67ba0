import { z } from "zod/v3";
import { PRIORITY_WORDS, versionsOf } from "../listen/tls/priority.js";

const text = z.string().min(1);
const flag = z
  .number()
  .refine((value) => value === 0 || value === 1, { message: "must be 0 or 1" })
  .transform((value) => value === 1);
const file = z.string().startsWith("/", { message: "must be an absolute path" });
const names = z.array(z.string());

const port = z
  .string()
  .regex(/^\d{1,5}$/, { message: 'must be a number of a port in quotes, such as "16514"' })
  .transform(Number)
  .refine((number) => number < 65536, { message: "must be less than 65536" });

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
  key_file: file.optional(),
  cert_file: file.optional(),
  ca_file: file.optional(),
  crl_file: file.optional(),
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
  sasl_allowed_username_list: names.optional(),
  /** Our own: who may log in by SASL. */
  sasl_users_file: file.optional(),
  /** SCRAM proves who asks, but encrypts nothing; libvirt asks for a mechanism that does. */
  listen_tcp: z
    .number()
    .refine((value) => value === 0, {
      message:
        "must be 0: plain TCP needs a login that also encrypts, and there is none here; use listen_tls = 1, or ssh (qemu+ssh://)",
    })
    .default(0),
  /** Read so that libvirt's files are accepted; nothing listens there. */
  tcp_port: port.default("16509"),
  auth_tcp: z
    .string()
    .refine((value) => value === "sasl", { message: 'must be "sasl": on plain TCP nothing else would be safe' })
    .default("sasl"),
  tcp_min_ssf: z.number().int().min(0).optional(),
} as const;
