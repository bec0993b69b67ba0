import type { NetworkSource, StorageHost } from "@polyvisor/sdk/conf";
import { refuse } from "./errors.js";

/** Reads `rbd:POOL/IMAGE@SNAPSHOT:KEY=VALUE:...`, where a backslash stands before a colon or semicolon of a value. */
export function parseRbd(written: string): NetworkSource {
  const [image = "", options = ""] = splitOnce(written.replace(/^rbd:/, ""), ":");
  const [name, snapshot] = splitOnce(image, "@");
  let source: NetworkSource = { type: "network", protocol: "rbd", name, snapshot, hosts: [] };
  for (const [option] of options.matchAll(/(?:\\.|[^:\\])+/gs)) {
    const [key, value = ""] = splitOnce(option, "=");
    if (key === "mon_host") source = { ...source, hosts: [...source.hosts, ...parseHosts(value)] };
    else if (key === "conf") source = { ...source, config: value };
  }
  return source;
}

function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function parseHosts(written: string): readonly StorageHost[] {
  return written
    .split(/\\[,; ]/)
    .filter(Boolean)
    .map(parseHost);
}

function parseHost(written: string): StorageHost {
  const [, bracketed, bracketedPort, plain = "", plainPort] =
    /^\[(.*)\](?:\\:(.*))?$/s.exec(written) ?? /^()()(.*?)(?:\\:(\d+))?$/s.exec(written) ?? [];
  const port = bracketedPort || plainPort;
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && !(Number.isInteger(number) && number > 0 && number < 65536)) {
    refuse("INVALID_ARG", `failed to parse port number '${port}'`, "Write a port up to 65535.", "STORAGE");
  }
  return { transport: "tcp", name: (bracketed || plain).replaceAll("\\:", ":"), port: number };
}

/** `backslash` is how one is written, which some readers take away once more. Throws what cannot be said. */
export function formatRbd(source: NetworkSource, backslash: string): string {
  const { protocol, name = "", hosts } = source;
  if (protocol !== "rbd") {
    refuse("NO_SUPPORT", `Unsupported network block protocol '${protocol}'`, "Xen's device model takes rbd.");
  }
  const image = name.slice(name.indexOf("/") + 1);
  if (image.includes(":")) {
    const words = `':' not allowed in RBD source volume name '${image}'`;
    refuse("CONFIG_UNSUPPORTED", words, "Rename the image.");
  }
  const monitors = hosts.map((host) => formatHost(host, backslash)).join(`${backslash};`);
  return `rbd:${name}:auth_supported=none${monitors === "" ? "" : `:mon_host=${monitors}`}`;
}

function formatHost(host: StorageHost, backslash: string): string {
  if (host.transport === "unix") refuse("CONFIG_UNSUPPORTED", "RBD hosts are reached by name", "Give a host name.");
  const { name = "", port } = host;
  const written = name.includes(":") ? `[${name.replaceAll(":", "\\:")}]` : name;
  return port ? `${written}${backslash}:${port}` : written;
}
