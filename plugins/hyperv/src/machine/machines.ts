import { DomainRef } from "@polyvisor/core";
import { hypervError } from "../errors.js";
import type { Instance } from "../wmi/instance.js";
import type { Wmi } from "../wmi/wmi.js";
import { associators, quoted, select } from "../wmi/wql.js";
import type { Invocation } from "../wsman/envelope.js";
import type { EmbeddedInstance, Parameter, Reference } from "../wsman/parameters.js";
import { stateOf } from "./states.js";

/** The host itself is a system, too. */
const VIRTUAL = "Name != __SERVER";
const SYSTEM = "Msvm_ComputerSystem";
const SETTINGS = "Msvm_VirtualSystemSettingData";
const SERVICE = "Msvm_VirtualSystemManagementService";
const PARTS = "Msvm_VirtualSystemSettingDataComponent";

/**
 * How old what is known of a machine may be where a question is answered, in milliseconds: long enough for the lookup and the
 * call that a client makes one after the other.
 */
const FRESH = 100;

/** A machine right now. */
export interface Machine {
  readonly ref: DomainRef;
  /** Its `Name`: the UUID as the server writes it. */
  readonly name: string;
  readonly enabledState: number;
  readonly state: number;
  readonly isActive: boolean;
  readonly isChanging: boolean;
}

/** The machines of the server, asked for whenever somebody wants to know. */
export class Machines {
  readonly wmi: Wmi;
  readonly #recent = new Map<string, { readonly at: number; readonly machine: Promise<Machine> }>();

  constructor(wmi: Wmi) {
    this.wmi = wmi;
  }

  /** Those that a condition holds for, all without one: one query. */
  async list(where?: string): Promise<readonly Machine[]> {
    const condition = where === undefined ? VIRTUAL : `${VIRTUAL} AND ${where}`;
    return (await this.wmi.query(SYSTEM, select(SYSTEM, condition))).map(machineOf);
  }

  /** As the machine is now. Fails with `NO_DOMAIN`. */
  async find({ uuid }: { readonly uuid: string }): Promise<Machine> {
    const [machine] = await this.list(`Name = ${quoted(uuid)}`);
    if (machine === undefined) throw noDomain(`No domain with UUID ${uuid}`);
    return machine;
  }

  /** As the machine was a moment ago: for questions. */
  look({ uuid }: { readonly uuid: string }): Promise<Machine> {
    const now = performance.now();
    for (const [key, { at }] of this.#recent) if (now - at > FRESH) this.#recent.delete(key);
    const recent = this.#recent.get(uuid);
    if (recent !== undefined) return recent.machine;
    const machine = this.find({ uuid });
    this.#recent.set(uuid, { at: now, machine });
    machine.catch(() => this.#recent.delete(uuid));
    return machine;
  }

  /** What the machine is made of. Fails with `NO_DOMAIN`. */
  async settings({ uuid }: { readonly uuid: string }): Promise<Instance> {
    const of = { className: SYSTEM, keys: { CreationClassName: SYSTEM, Name: uuid } };
    const [found] = await this.wmi.query(SETTINGS, associators(of, SETTINGS, "Msvm_SettingsDefineState"));
    if (found === undefined) throw noDomain(`No domain with UUID ${uuid}`);
    return found;
  }

  /** The parts of one kind of a machine's settings. */
  parts(settings: Instance, className: string): Promise<readonly Instance[]> {
    const of = { className: SETTINGS, keys: { InstanceID: settings.required("InstanceID") } };
    return this.wmi.query(className, associators(of, className, PARTS));
  }

  /** The one part of a kind that every machine has. */
  async part(settings: Instance, className: string): Promise<Instance> {
    const [found] = await this.parts(settings, className);
    if (found !== undefined) return found;
    const detail = `Could not look up ${className} with virtual system instance ID '${settings.required("InstanceID")}'`;
    throw hypervError("INTERNAL_ERROR", detail, "the machine may be going");
  }

  async requestState(dom: { readonly uuid: string }, state: number): Promise<void> {
    await this.invoke(dom, {
      className: SYSTEM,
      selectors: { Name: dom.uuid, CreationClassName: SYSTEM },
      method: "RequestStateChange",
      parameters: [{ name: "RequestedState", text: String(state) }],
    });
  }

  /** A method that changes a machine: what `look` tells after it knows of the change. */
  async invoke({ uuid }: { readonly uuid: string }, invocation: Invocation): Promise<void> {
    try {
      await this.wmi.invoke(invocation);
    } finally {
      this.#recent.delete(uuid);
    }
  }

  /** A method of the service that manages machines. */
  async manage(method: string, ...parameters: readonly Parameter[]) {
    try {
      return await this.wmi.invoke({
        className: SERVICE,
        selectors: { CreationClassName: SERVICE },
        method,
        parameters,
      });
    } finally {
      this.#recent.clear();
    }
  }

  /** Changes a part of a machine's settings. */
  async modify(part: Instance, properties: EmbeddedInstance["properties"]): Promise<void> {
    const embedded = {
      className: part.className,
      properties: { InstanceID: part.required("InstanceID"), ...properties },
    };
    const isWhole = part.className === SETTINGS;
    await this.manage(isWhole ? "ModifySystemSettings" : "ModifyResourceSettings", {
      name: isWhole ? "SystemSettings" : "ResourceSettings",
      embedded,
    });
  }
}

/** What names a machine in the arguments of methods. */
export function systemReference({ uuid }: { readonly uuid: string }): Reference {
  return { className: SYSTEM, selectors: { CreationClassName: SYSTEM, Name: uuid } };
}

/** What names a machine's settings in the arguments of methods. */
export function settingsReference(settings: Instance): Reference {
  return { className: SETTINGS, selectors: { InstanceID: settings.required("InstanceID") } };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function machineOf(system: Instance): Machine {
  const name = system.required("Name");
  const uuid = name.toLowerCase();
  if (!UUID.test(uuid)) throw hypervError("INTERNAL_ERROR", `Could not parse UUID from string '${name}'`);
  const enabledState = system.number("EnabledState", 0);
  const state = stateOf(enabledState);
  const id = state.isActive ? system.number("ProcessID", 0) : -1;
  return { ref: new DomainRef(system.text("ElementName") ?? "", uuid, id), name, enabledState, ...state };
}

export function noDomain(detail: string) {
  return hypervError("NO_DOMAIN", detail, "virsh list --all tells which there are");
}

/** For calls that need a machine that runs, or does not. */
export function invalidState(detail: string) {
  return hypervError("OPERATION_INVALID", detail, "virsh domstate tells its state");
}
