import { formatUri, type HostInfo, type Uri, VirtError } from "@polyvisor/core";

/** The URI that names this connection whatever way it was opened. Fails for a path that is not served here. */
export function canonicalUri(uri: Uri, mode: HostInfo["mode"]): string {
  const paths = mode === "system" ? ["/system", "/session"] : ["/session"];
  if (!paths.includes(uri.path)) {
    const detail = `unexpected qemu URI path '${uri.path}', try qemu:///${mode}`;
    throw new VirtError("INTERNAL_ERROR", detail, { hint: `${formatUri(uri)} names nothing here` });
  }
  return `qemu://${uri.path}`;
}
