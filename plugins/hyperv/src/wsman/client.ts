import type { XmlElement } from "@polyvisor/sdk/xml";
import { hypervError, ServerRefusal } from "../errors.js";
import {
  type Endpoint,
  enumerateRequest,
  type Invocation,
  invokeRequest,
  pullRequest,
  releaseRequest,
} from "./envelope.js";
import type { HttpClient } from "./http.js";
import { faultError, type Items, readBody, readItems, readOutput } from "./reply.js";

/** No query of the driver finds more. */
const ITEMS_MAX = 100_000;

/** What a WS-Management server is asked. */
export class WsmanClient {
  readonly #http: HttpClient;
  readonly #endpoint: Endpoint;

  constructor(http: HttpClient, endpoint: Endpoint) {
    this.#http = http;
    this.#endpoint = endpoint;
  }

  close(): void {
    this.#http.close();
  }

  /** The objects of a class that a query finds: one exchange where the server gives all of them at once. */
  async enumerate(className: string, query: string): Promise<readonly XmlElement[]> {
    const request = enumerateRequest(this.#endpoint, className, query);
    let part = await this.#items("Enumerate", "enumeration", className, request);
    const found = [...part.items];
    while (part.context !== undefined) {
      const { context } = part;
      if (found.length > ITEMS_MAX) {
        await this.#release(className, context);
        throw hypervError("INTERNAL_ERROR", `more than ${ITEMS_MAX} objects of ${className}`, "a list has an end");
      }
      try {
        part = await this.#items("Pull", "pull", className, pullRequest(this.#endpoint, className, context));
      } catch (error) {
        await this.#release(className, context);
        throw error;
      }
      found.push(...part.items);
    }
    return found;
  }

  /** Calls a method; gives what it returned, whatever its return value is. */
  async invoke(invocation: Invocation): Promise<XmlElement> {
    const { method, className } = invocation;
    const { status, body } = await this.#http.post(invokeRequest(this.#endpoint, invocation), "invocation");
    const read = readBody("invocation", status, body);
    if ("body" in read) return readOutput(method, read.body, className);
    const detail = `WS-Management fault during ${method} invocation: ${read.fault.reason}`;
    throw new ServerRefusal(detail, read.fault.detail || "the server's own log says more");
  }

  async #items(operation: "Enumerate" | "Pull", what: string, className: string, request: string): Promise<Items> {
    const { status, body } = await this.#http.post(request, what);
    const read = readBody(what, status, body);
    if ("fault" in read) throw faultError(what, read.fault);
    return readItems(operation, read.body, className);
  }

  /** The server may well have forgotten it by itself. */
  async #release(className: string, context: string): Promise<void> {
    await this.#http.post(releaseRequest(this.#endpoint, className, context), "release").catch(() => {});
  }
}
