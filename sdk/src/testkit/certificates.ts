import { execFile } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A certificate authority of one test's own. Needs openssl. */
export class TestAuthority {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Its certificate. */
  get ca(): string {
    return join(this.folder, "cacert.pem");
  }

  static async create(folder: string, name = "Test authority"): Promise<TestAuthority> {
    await mkdir(folder, { recursive: true });
    const authority = new TestAuthority(folder);
    await authority.#key("cakey.pem");
    const usage = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"];
    const subject = ["-x509", "-new", "-days", "2", "-subj", `/CN=${name}`];
    await openssl("req", ...subject, "-key", join(folder, "cakey.pem"), "-out", authority.ca, ...usage);
    return authority;
  }

  /**
   * Writes a certificate and its key under libvirt's names: `servercert.pem` and `serverkey.pem`, or the client's.
   *
   * @param names the hosts of a server, as `DNS:name` or `IP:address`
   * @param days -1 for one that has expired already
   */
  async issue(kind: "server" | "client", commonName: string, names: readonly string[] = [], days = 2): Promise<void> {
    const path = (name: string) => join(this.folder, name);
    await this.#key(`${kind}key.pem`);
    const extensions = [
      "basicConstraints=critical,CA:FALSE",
      "keyUsage=critical,digitalSignature,keyEncipherment",
      `extendedKeyUsage=${kind}Auth`,
      ...(names.length === 0 ? [] : [`subjectAltName=${names.join(",")}`]),
    ];
    await writeFile(path(`${kind}.ext`), `${extensions.join("\n")}\n`);
    const request = ["-new", "-key", path(`${kind}key.pem`), "-subj", `/O=Test/CN=${commonName}`];
    await openssl("req", ...request, "-out", path(`${kind}.csr`));
    const signed = ["-CA", this.ca, "-CAkey", path("cakey.pem"), "-CAcreateserial", "-days", `${days}`];
    const files = ["-in", path(`${kind}.csr`), "-extfile", path(`${kind}.ext`), "-out", path(`${kind}cert.pem`)];
    await openssl("x509", "-req", ...files, ...signed);
  }

  async #key(name: string): Promise<void> {
    const path = join(this.folder, name);
    await openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path);
    await chmod(path, 0o644);
  }
}

async function openssl(...args: readonly string[]): Promise<void> {
  await run("openssl", [...args]);
}
