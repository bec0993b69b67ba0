import { randomUUID } from "node:crypto";
import { isElement, type XmlElement } from "@polyvisor/sdk/xml";
import { namespaceOf } from "./classes.js";
import { Fault } from "./fault.js";
import { type Argument, invoke, type Output } from "./methods.js";
import * as soap from "./soap.js";
import { type Instance, keysOf, SERVER, type World } from "./world.js";
import { parseWql } from "./wql.js";

const { NS, WMI } = soap;
const ENUMERATE = `${NS.enumeration}/Enumerate`;
const PULL = `${NS.enumeration}/Pull`;
const RELEASE = `${NS.enumeration}/Release`;

/** Enumerations that have more to tell, by their contexts. */
type Enumerations = Map<string, Instance[]>;

/** Answers WS-Management's messages about one world. Strict: what is not right is a fault. */
export class Answerer {
  readonly #world: World;
  readonly #enumerations: Enumerations = new Map();
  /** The most items that one answer has, whatever the client takes. */
  readonly #pageSize: number;

  constructor(world: World, pageSize: number) {
    this.#world = world;
    this.#pageSize = pageSize;
  }

  /** The envelope for a request, and whether it is a fault. */
  answer(text: string): { readonly isFault: boolean; readonly envelope: string } {
    let messageId = "";
    try {
      const request = soap.readRequest(text);
      messageId = request.messageId;
      const { action, body } = this.#act(request);
      return { isFault: false, envelope: soap.envelope(action, messageId, body) };
    } catch (error) {
      const fault = error instanceof Fault ? error : new Fault("InternalError", String(error));
      const action = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault";
      return { isFault: true, envelope: soap.envelope(action, messageId, soap.faultBody(fault)) };
    }
  }

  #act(request: soap.Request): { action: string; body: string } {
    if (request.action === ENUMERATE) return { action: `${ENUMERATE}Response`, body: this.#enumerate(request) };
    if (request.action === PULL) return { action: `${PULL}Response`, body: this.#pull(request) };
    if (request.action === RELEASE) {
      this.#enumerations.delete(contextIn(request.body));
      return { action: `${RELEASE}Response`, body: "" };
    }
    return { action: `${request.action}Response`, body: this.#invoke(request) };
  }

  #enumerate({ resource, body }: soap.Request): string {
    const [, namespace] = new RegExp(`^${WMI}(cimv2|virtualization/v2)/\\*$`).exec(resource) ?? [];
    if (namespace === undefined) throw new Fault("InvalidResourceURI", `queries go to .../*, not to ${resource}`);
    expectBody(body, NS.enumeration, "Enumerate");
    const filter = soap.childNamed(body, NS.wsman, "Filter");
    if (filter?.attributes.find(({ name }) => name === "Dialect")?.value !== soap.WQL_DIALECT)
      throw new Fault("FilterDialectRequestedUnavailable", "the dialect of the filter is not known");
    const found = this.#find(soap.textIn(filter), namespace);
    const isOptimized = soap.childNamed(body, NS.wsman, "OptimizeEnumeration") !== undefined;
    const most = isOptimized ? this.#most(soap.childNamed(body, NS.wsman, "MaxElements")) : 0;
    const items = isOptimized ? `<w:Items>${found.splice(0, most).map(soap.itemOf).join("")}</w:Items>` : "";
    const isOver = isOptimized && found.length === 0;
    const context = isOver ? "" : this.#remember(found);
    return `<n:EnumerateResponse><n:EnumerationContext>${context}</n:EnumerationContext>${items}${isOver ? "<w:EndOfSequence/>" : ""}</n:EnumerateResponse>`;
  }

  #pull({ body }: soap.Request): string {
    expectBody(body, NS.enumeration, "Pull");
    const context = contextIn(body);
    const left = this.#enumerations.get(context);
    if (left === undefined) throw new Fault("InvalidEnumerationContext", `there is no context '${context}'`);
    this.#enumerations.delete(context);
    const items = left.splice(0, this.#most(soap.childNamed(body, NS.enumeration, "MaxElements")));
    const next =
      left.length === 0 ? "<n:EndOfSequence/>" : `<n:EnumerationContext>${this.#remember(left)}</n:EnumerationContext>`;
    return `<n:PullResponse><n:Items>${items.map(soap.itemOf).join("")}</n:Items>${next}</n:PullResponse>`;
  }

  #find(text: string, namespace: string): Instance[] {
    const query = parseWql(text);
    const resultClass = query.kind === "select" ? query.className : query.resultClass;
    if (namespaceOf(resultClass) !== namespace)
      throw new Fault("InvalidNamespace", `${resultClass} is not in root/${namespace}`);
    if (query.kind === "select")
      return this.#world
        .all(query.className)
        .filter((instance) => query.where(instance, SERVER))
        .map(this.#seen);
    const from = this.#world.select(query.className, query.keys);
    return this.#world.associated(from, query.assocClass, query.resultClass).map(this.#seen);
  }

  /** A job is over the next time that it is asked about. */
  #seen = (instance: Instance): Instance => {
    if (instance.className !== "Msvm_ConcreteJob") return instance;
    const before = { ...instance, properties: { ...instance.properties } };
    instance.properties.JobState = "7";
    return before;
  };

  #most(element: XmlElement | undefined): number {
    const asked = element === undefined ? 1 : Number(soap.textIn(element));
    if (!Number.isInteger(asked) || asked < 1) throw new Fault("SchemaValidationError", "MaxElements is a number");
    return Math.min(asked, this.#pageSize);
  }

  #remember(left: Instance[]): string {
    const context = `uuid:${randomUUID()}`;
    this.#enumerations.set(context, left);
    return context;
  }

  #invoke({ action, resource, selectors, body }: soap.Request): string {
    const [, namespace, className] = new RegExp(`^${WMI}(.+)/(\\w+)$`).exec(resource) ?? [];
    if (className === undefined || namespaceOf(className) !== namespace)
      throw new Fault("InvalidResourceURI", `there is no ${resource}`);
    const name = action.startsWith(`${resource}/`) ? action.slice(resource.length + 1) : undefined;
    if (name === undefined) throw new Fault("ActionNotSupported", `${action} is no action of ${resource}`);
    expectBody(body, resource, `${name}_INPUT`);
    const on = this.#world.select(className, selectors);
    const args = new Map<string, Argument[]>();
    for (const element of body.children.filter(isElement)) {
      if (element.uri !== resource) throw new Fault("InvalidNamespace", `${element.name} is not in ${resource}`);
      const parameter = element.name.replace(/^.*:/, "");
      args.set(parameter, [...(args.get(parameter) ?? []), this.#argument(element)]);
    }
    const { returnValue, output } = invoke(this.#world, on, name, args);
    return `<p:${name}_OUTPUT xmlns:p="${resource}">${outputs(output)}<p:ReturnValue>${returnValue}</p:ReturnValue></p:${name}_OUTPUT>`;
  }

  #argument(element: XmlElement): Argument {
    const parameters = soap.childNamed(element, NS.addressing, "ReferenceParameters");
    if (parameters !== undefined) {
      if (soap.childNamed(element, NS.addressing, "Address") === undefined)
        throw new Fault("SchemaValidationError", "a reference has an Address");
      const resource = soap.textIn(soap.childNamed(parameters, NS.wsman, "ResourceURI"));
      const className = resource.slice(resource.lastIndexOf("/") + 1);
      if (soap.resourceOf(className) !== resource) throw new Fault("InvalidResourceURI", `there is no ${resource}`);
      const selectors = soap.readSelectors(soap.childNamed(parameters, NS.wsman, "SelectorSet"));
      return { kind: "reference", instance: this.#world.select(className, selectors) };
    }
    const text = soap.textIn(element);
    return text.startsWith("<INSTANCE") ? { kind: "embedded", ...soap.readEmbedded(text) } : { kind: "text", text };
  }
}

function outputs(output: Output): string {
  return Object.entries(output)
    .map(([name, value]) => {
      if (typeof value === "object" && "reference" in value)
        return `<p:${name}>${soap.referenceTo(value.reference, keysOf(value.reference.className))}</p:${name}>`;
      return [value]
        .flat()
        .map((each) => `<p:${name}>${String(each)}</p:${name}>`)
        .join("");
    })
    .join("");
}

function expectBody(body: XmlElement, uri: string, name: string): void {
  if (body.uri === uri && body.name.replace(/^.*:/, "") === name) return;
  throw new Fault("SchemaValidationError", `the body is to be ${name} of ${uri}`);
}

function contextIn(body: XmlElement): string {
  return soap.textIn(soap.childNamed(body, NS.enumeration, "EnumerationContext"));
}
