import type { NetworkSource, StorageHost } from "@polyvisor/sdk/conf";
import type { StorageSecrets } from "./blockdev.js";
import { internal } from "./context.js";
import { fromYesNo, type Props, positive } from "./props.js";

/** How much the gluster client logs: warnings and errors. */
const GLUSTER_DEBUG = 4;

/** The storage node of an image on the network. `secrets` are the ids of what it needs. */
export function networkProps(source: NetworkSource, secrets: StorageSecrets): Props {
  switch (source.protocol) {
    case "nbd":
      return {
        driver: "nbd",
        server: socketAddress(onlyHost(source)),
        export: source.name,
        "tls-creds": secrets.tls,
        "tls-hostname": source.tlsHostname,
      };
    case "gluster":
      return glusterProps(source);
    case "rbd":
      return rbdProps(source, secrets);
    case "iscsi":
      return iscsiProps(source, secrets);
    case "sheepdog":
      return { driver: "sheepdog", server: socketAddress(onlyHost(source)), vdi: source.name };
    case "ssh":
      return {
        driver: "ssh",
        path: source.name,
        server: inetAddress(onlyHost(source)),
        user: source.auth?.username,
      };
    case "vxhs":
      return {
        driver: "vxhs",
        "tls-creds": secrets.tls,
        "vdisk-id": source.name,
        server: inetAddress(onlyHost(source)),
      };
    case "nfs":
      return nfsProps(source);
    case "http":
    case "https":
    case "ftp":
    case "ftps":
    case "tftp":
      return {
        driver: source.protocol,
        url: urlOf(source),
        username: source.auth?.username,
        "password-secret": secrets.auth,
        sslverify: fromYesNo(source.sslVerify),
        "cookie-secret": secrets.cookies,
        timeout: positive(source.timeout),
        readahead: positive(source.readahead),
      };
  }
}

function onlyHost(source: NetworkSource): StorageHost {
  const [host] = source.hosts;
  if (host === undefined || source.hosts.length !== 1)
    throw internal(`${source.protocol} protocol accepts only one host`);
  return host;
}

function socketAddress(host: StorageHost): Props {
  if (host.transport === "unix") return { type: "unix", path: host.socket };
  if (host.transport === "rdma") throw internal("transport protocol 'rdma' is not yet supported");
  return { type: "inet", host: host.name ?? "", port: String(host.port ?? 0) };
}

function inetAddress(host: StorageHost): { readonly host: string; readonly port: string } {
  if (host.transport !== "tcp") throw internal("only TCP protocol can be converted to InetSocketAddress");
  return { host: host.name ?? "", port: String(host.port ?? 0) };
}

function glusterProps(source: NetworkSource): Props {
  const [volume = "", ...path] = (source.name ?? "").split("/");
  return {
    driver: "gluster",
    volume,
    path: path.join("/"),
    server: source.hosts.map(socketAddress),
    debug: GLUSTER_DEBUG,
  };
}

function rbdProps(source: NetworkSource, secrets: StorageSecrets): Props {
  const [pool = "", ...image] = (source.name ?? "").split("/");
  const { encryption } = source;
  const own = encryption?.engine === "librbd";
  return {
    driver: "rbd",
    pool,
    image: image.join("/"),
    snapshot: source.snapshot,
    conf: source.config,
    server: source.hosts.length === 0 ? undefined : source.hosts.map(inetAddress),
    encrypt: own ? { format: encryption.format, "key-secret": secrets.encryption } : undefined,
    user: source.auth?.username,
    "auth-client-required": source.auth === undefined ? undefined : ["cephx", "none"],
    "key-secret": secrets.auth,
  };
}

function iscsiProps(source: NetworkSource, secrets: StorageSecrets): Props {
  const { host, port } = inetAddress(onlyHost(source));
  const [target = "", lun = "0"] = (source.name ?? "").split("/");
  return {
    driver: "iscsi",
    portal: `${host.includes(":") ? `[${host}]` : host}:${port}`,
    target,
    lun: Number(lun),
    transport: "tcp",
    user: source.auth?.username,
    "password-secret": secrets.auth,
    "initiator-name": source.initiatorIqn,
  };
}

function nfsProps(source: NetworkSource): Props {
  const host = onlyHost(source);
  const id = (text: string | undefined) => (text === undefined ? undefined : Number(text.replace(/^\+/, "")));
  return {
    driver: "nfs",
    server: { host: host.transport === "tcp" ? (host.name ?? "") : "", type: "inet" },
    path: source.name,
    user: id(source.identity?.user),
    group: id(source.identity?.group),
  };
}

function urlOf(source: NetworkSource): string {
  const host = onlyHost(source);
  if (host.transport !== "tcp") throw internal("only TCP protocol can be converted to a URL");
  const name = host.name ?? "";
  const port = host.port === undefined || host.port === 0 ? "" : `:${host.port}`;
  const path = source.name === undefined ? "" : `${source.name.startsWith("/") ? "" : "/"}${source.name}`;
  const query = source.query === undefined ? "" : `?${source.query}`;
  return `${source.protocol}://${name.includes(":") ? `[${name}]` : name}${port}${path}${query}`;
}
