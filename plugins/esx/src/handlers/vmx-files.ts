import type { Domain as Reference } from "@polyvisor/core";
import type { Domain } from "@polyvisor/sdk/conf/domain";
import { folderPath, parseDatastorePath } from "../datastore-path.js";
import { fileNames, listDatastores } from "../datastores.js";
import { powerState } from "../machine.js";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import { parseVmx, type VmxReading } from "../vmx/index.js";

/** The server's names of files are looked up only where the VMX file has some that need it. */
export async function readingOf(server: Server, vmx: string, folder: string): Promise<VmxReading> {
  const hasPaths = /^[^#\n]*filename[ \t]*=[ \t]*"[^"\n]*[/\\]/im.test(vmx);
  const datastores = hasPaths ? await listDatastores(server.primary) : [];
  return { fileName: fileNames(datastores, folder) };
}

interface Kept {
  /** The server's mark of the configuration's last change. */
  readonly version: string;
  readonly path: string;
  readonly file: Buffer;
}

const READ_PATHS = ["config.files.vmPathName", "config.changeVersion", "runtime.powerState"];
/** Files that are kept: documents of a few machines are asked for again and again. */
const KEPT_MOST = 64;

/** Machines' VMX files: each is fetched again only where the server says that the configuration has changed. */
export class VmxFiles {
  readonly #server: Server;
  readonly #kept = new Map<string, Kept>();
  readonly #fetching = new Map<string, Promise<Buffer>>();

  constructor(server: Server) {
    this.#server = server;
  }

  async read({ uuid }: Reference): Promise<Domain> {
    const { machines, primary, facts } = this.#server;
    const found = await machines.properties(uuid, READ_PATHS);
    const where = found.required("config.files.vmPathName").text;
    const { datastore, directory, path } = parseDatastorePath(where);
    const version = found.text("config.changeVersion") ?? "";
    const file = await this.#fetch(uuid, version, where, folderPath(path, datastore, primary.place.datacenterPath));
    const folder = directory === "" ? `[${datastore}] ${path}` : `[${datastore}] ${directory}`;
    const reading: VmxReading = {
      ...(await readingOf(this.#server, file.toString("latin1"), folder)),
      datacenterPath: primary.place.datacenterPath,
      moref: found.ref.value,
    };
    const domain = parseVmx(file, reading, await facts.capabilities());
    const isOff = powerState(found) === "poweredOff";
    return isOff ? domain : { ...domain, id: Number(found.ref.value.replace(/^vm-/, "")) };
  }

  async #fetch(uuid: string, version: string, where: string, url: string): Promise<Buffer> {
    const kept = this.#kept.get(uuid);
    if (kept !== undefined && version !== "" && kept.version === version && kept.path === where) return kept.file;
    const fetching = this.#fetching.get(url) ?? this.#download(url).finally(() => this.#fetching.delete(url));
    this.#fetching.set(url, fetching);
    const file = await fetching;
    this.#kept.delete(uuid);
    this.#kept.set(uuid, { version, path: where, file });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MOST && oldest !== undefined) this.#kept.delete(oldest);
    return file;
  }

  async #download(url: string): Promise<Buffer> {
    const { http } = this.#server.primary.session;
    const { status, body } = await http.exchange({ method: "GET", path: url });
    if (status !== 200 && status !== 206) {
      const { host, port, secure } = http.target;
      const full = `${secure ? "https" : "http"}://${host}:${port}${url}`;
      const hint = "the machine's VMX file must be readable for the user of the session";
      throw esxError("INTERNAL_ERROR", `HTTP response code ${status} for download from '${full}'`, hint);
    }
    return body;
  }
}
