import { esxError, SoapFault } from "./error.js";
import type { HttpClient } from "./http.js";
import { envelope, group, type Ref, text } from "./message.js";
import { type ObjectList, readPlainObjects } from "./object-list.js";
import { filterSpec, type PropertyQuery } from "./properties.js";
import { ObjectContent, readReply, Value } from "./reply.js";

/** The objects that a server begins with. */
export interface ServiceContent {
  readonly rootFolder: Ref;
  readonly propertyCollector: Ref;
  readonly sessionManager: Ref;
  readonly searchIndex: Ref;
  readonly virtualDiskManager: Ref;
  readonly fileManager: Ref;
  readonly apiType: string;
  /** 1 000 000 * major + 1 000 * minor + micro. */
  readonly apiVersion: number;
  readonly productVersion: number;
  readonly productLine: ProductLine;
}

export type ProductLine = "ESX" | "GSX" | "VPX";

/** How libvirt calls each product. */
export const PRODUCT_NAMES: Readonly<Record<ProductLine, string>> = {
  ESX: "ESX(i)",
  GSX: "Server/GSX",
  VPX: "vCenter/VPX",
};

const SERVICE_INSTANCE: Ref = { type: "ServiceInstance", value: "ServiceInstance" };
/** The version from which on lists come in parts, and waits for news end by themselves. */
const PARTS_VERSION = 4_001_000;
/** Objects in one part of a list: a part is read without letting others in. */
const PART_OBJECTS = 500;

/** One login at one server. Where the server forgets it, it logs in again. */
export class Session {
  readonly http: HttpClient;
  readonly #user: string;
  readonly #password: string;
  #service: ServiceContent | undefined;
  #login: Promise<void> | undefined;

  constructor(http: HttpClient, user: string, password: string) {
    this.http = http;
    this.#user = user;
    this.#password = password;
  }

  /** Finds out who is there, then logs in. Called once, before anything else. */
  async connect(): Promise<void> {
    const [content] = await this.#exchange("RetrieveServiceContent", SERVICE_INSTANCE, "");
    if (content === undefined) throw emptyResult("RetrieveServiceContent");
    this.#service = readServiceContent(content);
    await this.logIn();
  }

  get service(): ServiceContent {
    if (this.#service === undefined) throw esxError("INTERNAL_ERROR", "Invalid call, no session");
    return this.#service;
  }

  /** Several calls that find the session gone wait for the same login. */
  logIn(): Promise<void> {
    this.#login ??= this.#exchange(
      "Login",
      this.service.sessionManager,
      text("userName", this.#user) + text("password", this.#password),
    )
      .then(() => {})
      .finally(() => {
        this.#login = undefined;
      });
    return this.#login;
  }

  async logOut(): Promise<void> {
    if (this.#service !== undefined) await this.#exchange("Logout", this.service.sessionManager, "");
  }

  /** A call of the API; what it returns, if anything. A session that has ended is begun again, once. */
  async call(method: string, object: Ref, body = "", patience = 0): Promise<readonly Value[]> {
    return this.#inSession(() => this.#exchange(method, object, body, patience));
  }

  async #inSession<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SoapFault) || error.fault !== "NotAuthenticated") throw error;
    }
    await this.logIn();
    return work();
  }

  /** A call that returns one thing. */
  async callForOne(method: string, object: Ref, body = ""): Promise<Value> {
    const [value, ...more] = await this.call(method, object, body);
    if (value === undefined) throw emptyResult(method);
    if (more.length === 0) return value;
    const detail = `Call to '${method}' returned a list, expecting exactly one item`;
    throw esxError("INTERNAL_ERROR", detail, "the server answered something else than was asked");
  }

  /** Properties of many objects, all in one call; the server hands long lists out in parts. */
  async retrieve(query: PropertyQuery): Promise<readonly ObjectContent[]> {
    const { propertyCollector, apiVersion } = this.service;
    if (apiVersion < PARTS_VERSION) {
      const found = await this.call("RetrieveProperties", propertyCollector, filterSpec(query));
      return found.map(({ element }) => ObjectContent.read(element));
    }
    const options = group("options", text("maxObjects", PART_OBJECTS));
    const objects: ObjectContent[] = [];
    let part = await this.#part("RetrievePropertiesEx", filterSpec(query) + options);
    objects.push(...part.objects);
    while (part.token !== undefined) {
      part = await this.#part("ContinueRetrievePropertiesEx", text("token", part.token));
      objects.push(...part.objects);
    }
    return objects;
  }

  async #part(method: string, body: string): Promise<ObjectList> {
    return this.#inSession(async () => {
      const { propertyCollector } = this.service;
      const { status, text: reply } = await this.#ask(method, propertyCollector, body);
      const plain = status === 200 ? readPlainObjects(reply) : undefined;
      if (plain !== undefined) return plain;
      const [part] = readReply(method, status, reply).map((element) => new Value(element));
      const found = part?.all("objects").map(({ element }) => ObjectContent.read(element));
      return { objects: found ?? [], token: part?.textAt("token") };
    });
  }

  /** Properties of one object, which must be there. */
  async retrieveOne(object: Ref, paths: readonly string[]): Promise<ObjectContent> {
    const [found] = await this.retrieve({ properties: { [object.type]: paths }, from: [object] });
    if (found !== undefined) return found;
    const detail = `Could not lookup '${object.type}' from '${object.value}'`;
    throw esxError("INTERNAL_ERROR", detail, "the user may lack the right to see it");
  }

  async #exchange(method: string, object: Ref, body: string, patience = 0): Promise<readonly Value[]> {
    const { status, text: reply } = await this.#ask(method, object, body, patience);
    return readReply(method, status, reply).map((element) => new Value(element));
  }

  async #ask(method: string, object: Ref, body: string, patience = 0): Promise<{ status: number; text: string }> {
    const request = envelope(method, object, body);
    const answer = await this.http.exchange({ method: "POST", path: "/sdk", body: request, patience });
    return { status: answer.status, text: answer.body.toString() };
  }
}

function emptyResult(method: string): Error {
  const detail = `Call to '${method}' returned an empty result, expecting a non-empty result`;
  return esxError("INTERNAL_ERROR", detail, "the server answered something else than was asked");
}

function readServiceContent(content: Value): ServiceContent {
  const object = (name: string): Ref => content.at(name)?.ref ?? { type: "", value: "" };
  const about = (name: string): string => content.textAt("about", name) ?? "";
  const apiType = about("apiType");
  if (apiType !== "HostAgent" && apiType !== "VirtualCenter") {
    const detail = `Expecting VI API type 'HostAgent' or 'VirtualCenter' but found '${apiType}'`;
    throw esxError("INTERNAL_ERROR", detail, "is this a vSphere server?");
  }
  const apiVersion = versionOf("VI API", about("apiVersion"), 2_005_000, "2.5");
  const { line, least, leastWords } = productOf(about("productLineId"));
  return {
    rootFolder: object("rootFolder"),
    propertyCollector: object("propertyCollector"),
    sessionManager: object("sessionManager"),
    searchIndex: object("searchIndex"),
    virtualDiskManager: object("virtualDiskManager"),
    fileManager: object("fileManager"),
    apiType,
    apiVersion,
    productVersion: versionOf(PRODUCT_NAMES[line], about("version"), least, leastWords),
    productLine: line,
  };
}

function productOf(id: string): { line: ProductLine; least: number; leastWords: string } {
  switch (id) {
    case "gsx":
      return { line: "GSX", least: 2_000_000, leastWords: "2.0" };
    case "esx":
    case "embeddedEsx":
      return { line: "ESX", least: 3_005_000, leastWords: "3.5" };
    case "vpx":
      return { line: "VPX", least: 2_005_000, leastWords: "2.5" };
    default: {
      const detail = `Expecting product 'gsx' or 'esx' or 'embeddedEsx' or 'vpx' but found '${id}'`;
      throw esxError("INTERNAL_ERROR", detail, "is this a vSphere server?");
    }
  }
}

function versionOf(what: string, written: string, least: number, leastWords: string): number {
  const [, major, minor = "0", micro = "0"] = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(written) ?? [];
  if (major === undefined) {
    const words = what === "VI API" ? what : "product";
    throw esxError("INTERNAL_ERROR", `Could not parse ${words} version '${written}'`, "is this a vSphere server?");
  }
  const version = Number(major) * 1_000_000 + Number(minor) * 1000 + Number(micro);
  if (version >= least) return version;
  const detail = `Minimum supported ${what} version is ${leastWords} but found version '${written}'`;
  throw esxError("INTERNAL_ERROR", detail, "upgrade the server");
}
