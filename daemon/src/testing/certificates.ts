import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const openssl = (...args: string[]) => promisify(execFile)("openssl", args);

/** Extensions of a certificate by its use. */
const EXTENSIONS = {
  server: "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n",
  client: "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n",
} as const;

/** A certificate and its key, in files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A CA of a test's own that makes certificates with openssl. */
export class TestAuthority {
  readonly cert: string;
  readonly #folder: string;
  #made = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.cert = join(folder, "cacert.pem");
  }

  static async create(folder: string): Promise<TestAuthority> {
    await mkdir(folder, { recursive: true });
    const authority = new TestAuthority(folder);
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const names = ["-subj", "/CN=Test CA", "-keyout", join(folder, "cakey.pem"), "-out", authority.cert];
    await openssl("req", "-x509", ...curve, ...names, "-days", "2");
    await writeFile(join(folder, "index.txt"), "");
    await writeFile(join(folder, "crlnumber"), "01\n");
    const database = `database=${folder}/index.txt\ncrlnumber=${folder}/crlnumber\ndefault_md=sha256\ndefault_crl_days=2\n`;
    await writeFile(join(folder, "ca.conf"), `[ca]\ndefault_ca=test\n[test]\n${database}`);
    return authority;
  }

  /** A certificate for a subject such as `/C=GB/CN=host`. `days` may be 0 or less for one that is over. */
  async issue(use: keyof typeof EXTENSIONS, subject: string, days = 2): Promise<Certificate> {
    const base = join(this.#folder, `${use}-${++this.#made}`);
    const [cert, key] = [`${base}-cert.pem`, `${base}-key.pem`];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-utf8"];
    await openssl("req", "-new", ...curve, "-subj", subject, "-multivalue-rdn", "-keyout", key, "-out", `${base}.csr`);
    await writeFile(`${base}.ext`, EXTENSIONS[use]);
    const signed = ["-CA", this.cert, "-CAkey", join(this.#folder, "cakey.pem"), "-CAcreateserial"];
    await openssl(
      ...["x509", "-req", "-in", `${base}.csr`, ...signed],
      ...["-extfile", `${base}.ext`, "-days", String(days), "-out", cert],
    );
    return { cert, key };
  }

  /** The list of certificates that count no more: those that are given. */
  async revoke(...certificates: readonly Certificate[]): Promise<string> {
    const list = join(this.#folder, "crl.pem");
    const ca = ["-config", join(this.#folder, "ca.conf"), "-cert", this.cert];
    const own = ["-keyfile", join(this.#folder, "cakey.pem")];
    for (const { cert } of certificates) await openssl("ca", ...ca, ...own, "-revoke", cert);
    await openssl("ca", ...ca, ...own, "-gencrl", "-out", list);
    return list;
  }
}
