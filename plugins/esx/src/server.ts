import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import type { CallContext } from "@polyvisor/core";
import { findCredentials } from "@polyvisor/sdk/auth-file";
import type { EsxConfig } from "./config.js";
import { HostFacts } from "./host-facts.js";
import { Machines } from "./machines.js";
import { type Place, placeOfAddress, placeOfHost, placeOfPath } from "./place.js";
import { esxError } from "./soap/error.js";
import { HttpClient } from "./soap/http.js";
import { PRODUCT_NAMES, type ProductLine, Session } from "./soap/session.js";
import type { EsxUri } from "./uri.js";

/** A session, and where in the server's inventory it works. */
export interface Site {
  readonly session: Session;
  readonly place: Place;
  readonly host: string;
  /** An IPv4 address of the host, as it goes into URIs of migrations. */
  readonly address: string;
}

/** What a connection reaches: a host, or one by its vCenter; maybe a vCenter beside the host. */
export class Server {
  readonly uri: EsxUri;
  /** Where calls go. */
  readonly primary: Site;
  /** The vCenter, where there is one. */
  readonly vcenter: Site | undefined;
  readonly machines: Machines;
  readonly facts: HostFacts;

  constructor(uri: EsxUri, primary: Site, vcenter: Site | undefined, config: EsxConfig) {
    this.uri = uri;
    this.primary = primary;
    this.vcenter = vcenter;
    this.machines = new Machines(primary, uri.autoAnswer, config.freshness);
    this.facts = new HostFacts(primary);
  }

  /** Ends what is under way, and the sessions, without waiting for a server that is away. */
  close(): void {
    for (const site of new Set([this.primary, this.vcenter])) {
      if (site === undefined) continue;
      const { session } = site;
      session.logOut().then(
        () => session.http.close(),
        () => session.http.close(),
      );
    }
  }
}

export async function openServer(uri: EsxUri, config: EsxConfig, context: CallContext): Promise<Server> {
  const opened: Site[] = [];
  try {
    const primary = await openPrimary(uri, config, context, opened);
    const vcenter = uri.scheme === "vpx" ? primary : await openVCenter(uri, config, context, primary, opened);
    return new Server(uri, primary, vcenter, config);
  } catch (error) {
    for (const { session } of opened)
      session
        .logOut()
        .finally(() => session.http.close())
        .catch(() => {});
    throw error;
  }
}

async function openPrimary(uri: EsxUri, config: EsxConfig, context: CallContext, opened: Site[]): Promise<Site> {
  const { scheme, path, host } = uri;
  if (scheme === "vpx" && path.replaceAll("/", "") === "") {
    const hint = "write vpx://vcenter.example/datacenter/cluster/host";
    throw esxError("INVALID_ARG", "Path has to specify the datacenter and compute resource", hint);
  }
  const line: ProductLine = scheme === "vpx" ? "VPX" : scheme === "gsx" ? "GSX" : "ESX";
  return openSite(uri, host, line, config, context, opened, (session) =>
    scheme === "vpx" ? placeOfPath(session, path) : placeOfHost(session),
  );
}

/** The vCenter that the URI of a host names. */
async function openVCenter(
  uri: EsxUri,
  config: EsxConfig,
  context: CallContext,
  primary: Site,
  opened: Site[],
): Promise<Site | undefined> {
  if (uri.vcenter === undefined) return undefined;
  const facts = await primary.session.retrieveOne(primary.place.host, ["summary.managementServerIp"]);
  const managedBy = facts.text("summary.managementServerIp");
  const address = uri.vcenter === "*" ? managedBy : await resolve(uri.vcenter);
  const hint = "vcenter= names the vCenter that manages the host, or is *";
  if (address === undefined) throw esxError("INTERNAL_ERROR", "This host is not managed by a vCenter", hint);
  if (managedBy !== undefined && managedBy !== address) {
    const detail = `This host is managed by a vCenter with IP address ${managedBy}, but a mismatching vCenter '${uri.vcenter}' (${address}) has been specified`;
    throw esxError("INTERNAL_ERROR", detail, hint);
  }
  return openSite(uri, address, "VPX", config, context, opened, (session) => placeOfAddress(session, primary.address));
}

async function openSite(
  uri: EsxUri,
  host: string,
  line: ProductLine,
  config: EsxConfig,
  context: CallContext,
  opened: Site[],
  find: (session: Session) => Promise<Place>,
): Promise<Site> {
  const { user, authFile } = uri;
  const place = { service: "esx", host, user, authFile, settingsFile: config.auth_file };
  const credentials = await findCredentials(place, context.identity);
  const address = await resolve(host);
  const http = new HttpClient({
    host,
    port: uri.port,
    secure: uri.secure,
    verify: uri.verify,
    authorities: uri.secure && uri.verify ? await readAuthorities(config) : [],
    proxy: uri.proxy,
    deadline: config.timeout * 1000,
  });
  const leave = () => http.close();
  context.signal.addEventListener("abort", leave, { once: true });
  try {
    const session = new Session(http, credentials.user, credentials.password);
    await session.connect().catch((error: unknown) => {
      http.close();
      throw error;
    });
    const site = { session, place: NOWHERE, host, address };
    opened.push(site);
    checkProduct(host, line, session.service.productLine);
    return { ...site, place: await find(session) };
  } finally {
    context.signal.removeEventListener("abort", leave);
  }
}

const NO_OBJECT = { type: "", value: "" };
const NOWHERE: Place = {
  datacenter: NO_OBJECT,
  datacenterPath: "",
  vmFolder: NO_OBJECT,
  resourcePool: NO_OBJECT,
  host: NO_OBJECT,
};

function checkProduct(host: string, expected: ProductLine, found: ProductLine): void {
  if (expected === found) return;
  const detail = `Expecting '${host}' to be a ${PRODUCT_NAMES[expected]} host but found a ${PRODUCT_NAMES[found]} host`;
  throw esxError("INTERNAL_ERROR", detail, "esx:// is for hosts, vpx:// for vCenters, gsx:// for VMware Server");
}

async function resolve(host: string): Promise<string> {
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch (cause) {
    const detail = `IP address lookup for host '${host}' failed: Name or service not known`;
    throw esxError("INTERNAL_ERROR", detail, "look at the host of the URI", { cause });
  }
}

/** Where systems keep the certificates of authorities that they trust. */
const SYSTEM_AUTHORITIES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

async function readAuthorities(config: EsxConfig): Promise<readonly string[]> {
  const own = config.ca_file;
  const texts: string[] = [];
  if (own !== undefined) {
    texts.push(
      await readFile(own, "utf8").catch((cause: unknown) => {
        throw esxError("SYSTEM_ERROR", `Failed to open file '${own}'`, "ca_file of plugins/esx.conf", { cause });
      }),
    );
  }
  for (const file of SYSTEM_AUTHORITIES) {
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    texts.push(text);
    break;
  }
  return texts.length === 0 ? [] : [...rootCertificates, ...texts];
}
