import { createCipheriv } from "node:crypto";
import type { SecretReference } from "@polyvisor/sdk/conf";
import { type Build, notYet } from "./context.js";

/** The secrets of a start. */
export interface Secrets {
  /** 32 bytes; the emulator reads them from the guest's folder. */
  readonly masterKey: Uint8Array;
  /** 16 bytes, others at each call. */
  newIv(): Uint8Array;
  /** The value of a secret that was looked up before. */
  valueOf(reference: SecretReference): Uint8Array;
}

/** Certificates of one end of an encrypted connection. */
export interface TlsSettings {
  /** Folder of the certificates. */
  readonly dir: string;
  /** Whether a server wants a certificate of its client. */
  readonly verify?: boolean | undefined;
  /** The secret that opens the private key. */
  readonly secret?: SecretReference | undefined;
}

/** Hands a secret to the emulator; encrypted, since a command line is for everybody to read. Returns its id. */
export function secretArgs(build: Build, id: string, secret: SecretReference | Uint8Array): string {
  const { secrets } = build.runtime;
  if (secrets === undefined) throw notYet("a secret of libvirt's");
  const iv = secrets.newIv();
  const cipher = createCipheriv("aes-256-cbc", secrets.masterKey, iv);
  const value = secret instanceof Uint8Array ? secret : secrets.valueOf(secret);
  const data = Buffer.concat([cipher.update(value), cipher.final()]);
  build.args.object({
    "qom-type": "secret",
    id,
    data: data.toString("base64"),
    keyid: "masterKey0",
    iv: Buffer.from(iv).toString("base64"),
    format: "base64",
  });
  return id;
}

/**
 * The certificates of one connection; `id` is their object's. What opens the private key is called after the object, or
 * after `secretOwner`. Returns the id.
 */
export function tlsArgs(
  build: Build,
  id: string,
  endpoint: "server" | "client",
  { dir, verify, secret }: TlsSettings,
  secretOwner: string = id,
): string {
  const passwordid = secret === undefined ? undefined : secretArgs(build, `${secretOwner}-secret0`, secret);
  build.args.object({
    "qom-type": "tls-creds-x509",
    id,
    dir,
    endpoint,
    "verify-peer": endpoint === "client" || verify === true,
    passwordid,
  });
  return id;
}
