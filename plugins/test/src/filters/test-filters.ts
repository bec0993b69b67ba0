import { type Domain, type NWFilterBinding, VirtError } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf";
import type { FilterBinding, NetworkFilter } from "@polyvisor/sdk/conf/nwfilter";
import { ObjectRegistry } from "@polyvisor/sdk/store";

/** A filter under its reference, which stays when the filter is defined anew. */
export interface TestFilter {
  readonly ref: { readonly name: string; readonly uuid: string };
  config: NetworkFilter;
}

/** The network filters of one node, and the cards of guests that use them. */
export class TestFilters {
  readonly filters = new ObjectRegistry<TestFilter>({
    what: "nwfilter",
    missing: "NO_NWFILTER",
    from: "NWFILTER",
    hint: "`nwfilter-list` shows the filters that are here",
  });
  /** By the host's name of the card. */
  readonly #bindings = new Map<string, FilterBinding>();

  get bindings(): Iterable<FilterBinding> {
    return this.#bindings.values();
  }

  define(config: NetworkFilter): TestFilter["ref"] {
    const { name, uuid } = config;
    const known = this.filters.byUuid(uuid);
    if (known !== undefined && known.ref.name !== name) {
      throw failed(`filter with same UUID but different name ('${known.ref.name}') already exists`);
    }
    const rival = this.filters.byName(name);
    if (rival !== undefined && rival !== known) {
      throw failed(`filter '${name}' already exists with uuid ${rival.ref.uuid}`);
    }
    if (this.#uses(config, name)) throw failed("filter would introduce a loop");
    const filter = known ?? { ref: { name, uuid }, config };
    filter.config = config;
    if (known === undefined) this.filters.add(filter);
    return filter.ref;
  }

  remove(uuid: string): void {
    const filter = this.filters.lookupByUUID(uuid);
    const isUsed = [...this.bindings].some(({ filterref }) => {
      const used = this.filters.byName(filterref.filter);
      return used !== undefined && (used === filter || this.#uses(used.config, filter.ref.name));
    });
    if (isUsed) {
      throw new VirtError("OPERATION_INVALID", "nwfilter is in use", {
        domain: "NWFILTER",
        hint: "`nwfilter-binding-list` shows who uses it",
      });
    }
    this.filters.remove(filter);
  }

  binding(portDev: string): FilterBinding {
    const found = this.#bindings.get(portDev);
    if (found !== undefined) return found;
    throw new VirtError("NO_NWFILTER_BINDING", `no nwfilter binding for port dev '${portDev}'`, {
      domain: "NWFILTER",
      hint: "`nwfilter-binding-list` shows the bindings that are here",
    });
  }

  bind(binding: FilterBinding): NWFilterBinding {
    const { portDev, filterref } = binding;
    if (this.#bindings.has(portDev)) throw failed(`binding '${portDev}' already exists`);
    if (this.filters.byName(filterref.filter) === undefined) {
      throw new VirtError("INTERNAL_ERROR", `referenced filter '${filterref.filter}' is missing`, {
        domain: "NWFILTER",
        hint: "define it first",
      });
    }
    this.#bindings.set(portDev, binding);
    return referenceTo(binding);
  }

  unbind(portDev: string): void {
    this.#bindings.delete(this.binding(portDev).portDev);
  }

  /** A guest has started: its cards use the filters that they name, as far as those are here. */
  bindGuest({ name, uuid }: Domain, { devices }: Config): void {
    for (const { filterref, target, mac } of devices.interfaces) {
      const portDev = target?.dev;
      if (filterref === undefined || portDev === undefined || this.#bindings.has(portDev)) continue;
      if (this.filters.byName(filterref.filter) === undefined) continue;
      this.#bindings.set(portDev, { owner: { name, uuid }, portDev, mac: mac?.address ?? "", filterref });
    }
  }

  unbindGuest({ uuid }: Domain): void {
    for (const { owner, portDev } of [...this.bindings]) {
      if (owner.uuid === uuid) this.#bindings.delete(portDev);
    }
  }

  /** Whether a filter takes in the one with this name, by whatever way. Filters that are here have no loops. */
  #uses({ entries }: NetworkFilter, name: string): boolean {
    return entries.some((entry) => {
      if (entry.kind !== "filterref") return false;
      const included = this.filters.byName(entry.filter);
      return entry.filter === name || (included !== undefined && this.#uses(included.config, name));
    });
  }
}

export function referenceTo({ portDev, filterref }: FilterBinding): NWFilterBinding {
  return { portdev: portDev, filtername: filterref.filter };
}

function failed(detail: string): VirtError {
  return new VirtError("OPERATION_FAILED", detail, {
    domain: "NWFILTER",
    hint: "`nwfilter-list` and `nwfilter-binding-list` show what is here",
  });
}
