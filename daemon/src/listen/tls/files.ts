import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { SettingError } from "../../startup/start-error.js";
import { systemWords } from "../../system-words.js";

/** Where a server's certificates are. */
export interface TlsFiles {
  readonly ca: string;
  /** Certificates that count no more. */
  readonly crl: string | undefined;
  readonly cert: string;
  readonly key: string;
}

/** The same as PEM. */
export interface TlsMaterial {
  readonly ca: string;
  readonly crl?: string;
  readonly cert: string;
  readonly key: string;
}

/** Reads the files and, if wanted, looks whether clients could trust them. Throws a `SettingError` that names the file. */
export async function readTlsFiles(files: TlsFiles, wantsCheck: boolean): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all([
    read("ca_file", "CA certificate", files.ca),
    read("cert_file", "certificate", files.cert),
    read("key_file", "private key", files.key),
  ]);
  const crl = files.crl === undefined ? undefined : await read("crl_file", "CA revocation list", files.crl);
  if (wantsCheck) checkCertificates(files, ca, cert);
  const material = { ca, cert, key, ...(crl === undefined ? {} : { crl }) };
  checkUsable(files, material);
  return material;
}

/** OpenSSL says only for all files together that it can use them, so they are given to it step by step. */
function checkUsable(files: TlsFiles, { ca, crl, cert, key }: TlsMaterial): void {
  const steps: readonly (readonly [key: string, what: string, SecureContextOptions])[] = [
    ["ca_file", `x509 CA: ${files.ca}`, { ca }],
    ...(crl === undefined ? [] : [["crl_file", `x509 CRL: ${files.crl}`, { crl }] as const]),
    ["cert_file", `x509 certificate: ${files.cert}`, { cert }],
    ["key_file", `x509 key and certificate: ${files.key}, ${files.cert}`, { cert, key }],
  ];
  for (const [setting, what, options] of steps)
    try {
      createSecureContext(options);
    } catch (error) {
      throw new SettingError(
        setting,
        `Unable to set ${what}: ${(error as Error).message}`,
        "the files are PEM, and the key is the certificate's, without a password",
      );
    }
}

async function read(key: string, what: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new SettingError(
      key,
      `Cannot read ${what} '${path}': ${systemWords(error)}`,
      "make the certificates, name others (key_file, cert_file, ca_file), or set listen_tls = 0",
    );
  }
}

const PEM = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

function checkCertificates(files: TlsFiles, caText: string, certText: string): void {
  const authorities = (caText.match(PEM) ?? []).map((pem) => parse("ca_file", "CA", files.ca, pem));
  const own = parse("cert_file", "server", files.cert, certText);
  checkTimes("cert_file", own, `The server certificate ${files.cert}`);
  if (own.ca)
    throw doubt("cert_file", `The certificate ${files.cert} basic constraints show a CA, but we need one for a server`);
  for (const authority of authorities) {
    checkTimes("ca_file", authority, `The CA certificate ${files.ca}`);
    if (!authority.ca) throw doubt("ca_file", `The certificate ${files.ca} basic constraints do not show a CA`);
  }
  if (!authorities.some((authority) => own.checkIssued(authority) && own.verify(authority.publicKey)))
    throw doubt(
      "cert_file",
      `Our own certificate ${files.cert} failed validation against ${files.ca}: The certificate hasn't got a known issuer.`,
    );
}

function parse(key: string, what: string, path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw doubt(key, `Unable to import ${what} certificate ${path}`);
  }
}

function checkTimes(key: string, certificate: X509Certificate, which: string): void {
  const problem = timeProblem(certificate);
  if (problem !== undefined) throw doubt(key, `${which} ${problem}`);
}

/** What is wrong with the time in which a certificate counts, in libvirt's words. */
export function timeProblem({ validFrom, validTo }: X509Certificate): string | undefined {
  if (Date.parse(validTo) < Date.now()) return "has expired";
  if (Date.parse(validFrom) > Date.now()) return "is not yet active";
  return undefined;
}

function doubt(key: string, message: string): SettingError {
  return new SettingError(key, message, "tls_no_sanity_certificate = 1 lets the daemon start all the same");
}
