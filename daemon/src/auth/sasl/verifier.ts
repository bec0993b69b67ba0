import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/** What is kept of a password for SCRAM-SHA-256 (RFC 5802, RFC 7677): enough to know it again, not enough to log in with. */
export interface Verifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** What a guess at a stolen password costs, in rounds of SHA-256; a login costs the client a fraction of a second. */
export const ITERATIONS = 32768;

export const SALT_BYTES = 16;

const KEY_BYTES = 32;

export const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text, "utf8").digest();

export const hash = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest();

export async function verifierOf(
  password: string,
  salt: Buffer = randomBytes(SALT_BYTES),
  iterations = ITERATIONS,
): Promise<Verifier> {
  const salted = await promisify(pbkdf2)(password.normalize("NFKC"), salt, iterations, KEY_BYTES, "sha256");
  return { iterations, salt, storedKey: hash(hmac(salted, "Client Key")), serverKey: hmac(salted, "Server Key") };
}

const BASE64 = "([A-Za-z0-9+/]+={0,2})";
const FORM = new RegExp(`^SCRAM-SHA-256\\$(\\d{4,9}):${BASE64}\\$${BASE64}:${BASE64}$`);

/** As RFC 5803 writes it: `SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY`, in base64. */
export function formatVerifier({ iterations, salt, storedKey, serverKey }: Verifier): string {
  const [saltText, stored, server] = [salt, storedKey, serverKey].map((bytes) => bytes.toString("base64"));
  return `SCRAM-SHA-256$${iterations}:${saltText}$${stored}:${server}`;
}

/** `undefined` where the text is none. */
export function parseVerifier(text: string): Verifier | undefined {
  const [, iterations, ...parts] = FORM.exec(text) ?? [];
  const [salt, storedKey, serverKey] = parts.map((part) => Buffer.from(part, "base64"));
  if (salt === undefined || storedKey?.length !== KEY_BYTES || serverKey?.length !== KEY_BYTES) return undefined;
  return { iterations: Number(iterations), salt, storedKey, serverKey };
}
