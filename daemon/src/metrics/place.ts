/** Where metrics are served: nowhere but on this machine. */
export type MetricsPlace = { readonly path: string } | { readonly host: string; readonly port: number };

/** Reads `unix:/path`, `127.0.0.1:9177` or `[::1]:9177`. `undefined` where it is none of these, or no address of this machine alone. */
export function parseMetricsPlace(text: string): MetricsPlace | undefined {
  const path = /^unix:(\/\S+)$/.exec(text)?.[1];
  if (path !== undefined) return { path };
  const [, v6, v4, digits] = /^(?:\[([\da-f:]+)\]|([\d.]+|localhost)):(\d{1,5})$/i.exec(text) ?? [];
  const [host, port] = [v6 ?? v4, Number(digits)];
  if (host === undefined || port > 65535) return undefined;
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host) ? { host, port } : undefined;
}
