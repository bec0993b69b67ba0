import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import type { TlsCredentials } from "@polyvisor/sdk/rpc";

/** Where a client's certificates are looked for, the first place first. */
export interface CertificatePaths {
  readonly ca: readonly string[];
  readonly crl: readonly string[];
  /** The client's own certificate and its key, which count as a pair. */
  readonly own: readonly { readonly cert: string; readonly key: string }[];
}

const SYSTEM = {
  ca: "/etc/pki/CA/cacert.pem",
  crl: "/etc/pki/CA/cacrl.pem",
  own: { cert: "/etc/pki/libvirt/clientcert.pem", key: "/etc/pki/libvirt/private/clientkey.pem" },
} as const;

/** A folder that the URI names is the only one; a user's own files come before the system's. */
export function certificatePaths(pkipath: string | undefined, uid: number, home: string): CertificatePaths {
  if (pkipath === undefined && uid === 0) return { ca: [SYSTEM.ca], crl: [SYSTEM.crl], own: [SYSTEM.own] };
  const folder = pkipath ?? join(home, ".pki/libvirt");
  const [ca, crl] = [join(folder, "cacert.pem"), join(folder, "cacrl.pem")];
  const own = { cert: join(folder, "clientcert.pem"), key: join(folder, "clientkey.pem") };
  if (pkipath !== undefined) return { ca: [ca], crl: [crl], own: [own] };
  return { ca: [ca, SYSTEM.ca], crl: [crl, SYSTEM.crl], own: [own, SYSTEM.own] };
}

/** Reads them. Only the authority's certificate has to be there: a server need not ask a client for one. */
export async function readCredentials(paths: CertificatePaths, verify: boolean): Promise<TlsCredentials> {
  const ca = await firstOf(paths.ca.map((path) => [path]));
  if (ca === undefined) throw unreadable(paths.ca[paths.ca.length - 1] ?? "");
  const crl = await firstOf(paths.crl.map((path) => [path]));
  const own = await firstOf(paths.own.map(({ cert, key }) => [cert, key]));
  const [cert, key] = own ?? [];
  return {
    ca: ca[0] as Buffer,
    verify,
    ...(crl === undefined ? {} : { crl: crl[0] as Buffer }),
    ...(cert === undefined || key === undefined ? {} : { own: { cert, key } }),
  };
}

/** The first group of files all of which exist. */
async function firstOf(groups: readonly (readonly string[])[]): Promise<Buffer[] | undefined> {
  for (const group of groups) {
    try {
      return await Promise.all(group.map((path) => readFile(path)));
    } catch (error) {
      const { code, path } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT")
        throw new VirtError("SYSTEM_ERROR", `Cannot read ${path}: ${code}`, { domain: "RPC", cause: error });
    }
  }
  return undefined;
}

function unreadable(path: string): VirtError {
  return new VirtError("SYSTEM_ERROR", `Cannot read CA certificate '${path}': No such file or directory`, {
    domain: "RPC",
    hint: "put the authority's certificate there, or name its folder with pkipath=FOLDER in the URI",
  });
}
