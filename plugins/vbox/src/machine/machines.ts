import { type CallContext, DomainRef, type Domain as Reference, VirtError } from "@polyvisor/core";
import { DomainJobs } from "@polyvisor/sdk/jobs";
import { parseMachines, type VBoxManage } from "../manage/index.js";
import { MachineInfo } from "./info.js";

/** A machine as the lists tell of it. */
export interface Machine {
  readonly ref: DomainRef;
  readonly isActive: boolean;
}

/**
 * How old a list of machines may be that answers a question, in milliseconds: long enough for the lookup and the call that a
 * client makes one after the other.
 */
const FRESH = 100;

/** The machines of VirtualBox, asked for whenever somebody wants to know: its own programs change them, too. */
export class Machines {
  readonly manage: VBoxManage;
  readonly #jobs = new Map<string, DomainJobs>();
  #recent: { readonly at: number; readonly list: Promise<Machine[]> } | undefined;

  constructor(manage: VBoxManage) {
    this.manage = manage;
  }

  /** All of them. One that runs has its place in the list, counted from 1, as its id, like with libvirt's driver. */
  all(): Promise<Machine[]> {
    const now = performance.now();
    if (this.#recent !== undefined && now - this.#recent.at <= FRESH) return this.#recent.list;
    const list = this.#ask();
    this.#recent = { at: now, list };
    // What went wrong is asked again at once.
    list.catch(() => {
      if (this.#recent?.list === list) this.#recent = undefined;
    });
    return list;
  }

  /** Fails with `NO_DOMAIN`. */
  async find({ uuid }: { readonly uuid: string }): Promise<Machine> {
    const found = (await this.all()).find(({ ref }) => ref.uuid === uuid);
    if (found === undefined) throw noDomain(`no domain with matching uuid '${uuid}'`);
    return found;
  }

  /** All that VirtualBox tells of a machine. Fails with `NO_DOMAIN`. */
  async info({ uuid }: { readonly uuid: string }): Promise<MachineInfo> {
    const pairs = await this.manage.info(uuid);
    if (pairs === undefined) throw noDomain(`no domain with matching uuid '${uuid}'`);
    return new MachineInfo(pairs);
  }

  /** One change of a machine after the other; VirtualBox refuses two at a time. What `find` tells after it knows of the change. */
  change<T>(
    { uuid }: Reference,
    { api, context }: { readonly api: string; readonly context: CallContext },
    work: () => Promise<T>,
  ): Promise<T> {
    const jobs = this.#jobs.get(uuid) ?? new DomainJobs();
    this.#jobs.set(uuid, jobs);
    return jobs.run({ kind: "modify", api, signal: context.signal }, async () => {
      try {
        return await work();
      } finally {
        this.#recent = undefined;
      }
    });
  }

  async #ask(): Promise<Machine[]> {
    const [machines, running] = await Promise.all([this.manage.machines(), this.manage.run("list", "runningvms")]);
    const runs = new Set(parseMachines(running).map(({ uuid }) => uuid));
    return machines.map(({ name, uuid }, index) => {
      const isActive = runs.has(uuid);
      return { ref: new DomainRef(name, uuid, isActive ? index + 1 : -1), isActive };
    });
  }
}

export function noDomain(detail: string): VirtError {
  return new VirtError("NO_DOMAIN", detail, { hint: "virsh list --all tells which there are" });
}
