import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { StartError } from "../../startup/start-error.js";

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

/** Reads the files and, if wanted, looks whether clients could trust them. Throws a `StartError` that names the file. */
export async function readTlsFiles(files: TlsFiles, wantsCheck: boolean): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all([
    read("CA certificate", files.ca),
    read("certificate", files.cert),
    read("private key", files.key),
  ]);
  const crl = files.crl === undefined ? undefined : await read("CA revocation list", files.crl);
  if (wantsCheck) checkCertificates(files, ca, cert);
  return { ca, cert, key, ...(crl === undefined ? {} : { crl }) };
}

async function read(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new StartError(
      `Cannot read ${what} '${path}': ${(error as Error).message}`,
      "make the certificates, name others (key_file, cert_file, ca_file), or set listen_tls = 0",
    );
  }
}

const PEM = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

function checkCertificates(files: TlsFiles, caText: string, certText: string): void {
  const authorities = (caText.match(PEM) ?? []).map((pem) => parse("CA", files.ca, pem));
  const own = parse("server", files.cert, certText);
  checkTimes(own, `The server certificate ${files.cert}`);
  if (own.ca) throw doubt(`The certificate ${files.cert} basic constraints show a CA, but we need one for a server`);
  for (const authority of authorities) {
    checkTimes(authority, `The CA certificate ${files.ca}`);
    if (!authority.ca) throw doubt(`The certificate ${files.ca} basic constraints do not show a CA`);
  }
  if (!authorities.some((authority) => own.checkIssued(authority) && own.verify(authority.publicKey)))
    throw doubt(
      `Our own certificate ${files.cert} failed validation against ${files.ca}: The certificate hasn't got a known issuer.`,
    );
}

function parse(what: string, path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw doubt(`Unable to import ${what} certificate ${path}`);
  }
}

function checkTimes(certificate: X509Certificate, which: string): void {
  const problem = timeProblem(certificate);
  if (problem !== undefined) throw doubt(`${which} ${problem}`);
}

/** What is wrong with the time in which a certificate counts, in libvirt's words. */
export function timeProblem({ validFrom, validTo }: X509Certificate): string | undefined {
  if (Date.parse(validTo) < Date.now()) return "has expired";
  if (Date.parse(validFrom) > Date.now()) return "is not yet active";
  return undefined;
}

function doubt(message: string): StartError {
  return new StartError(message, "tls_no_sanity_certificate = 1 lets the daemon start all the same");
}
