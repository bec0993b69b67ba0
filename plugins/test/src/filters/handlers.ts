import { checkFlags, LIFECYCLE_EVENT, type NwfilterHandlers } from "@polyvisor/core";
import {
  formatFilterBinding,
  formatNetworkFilter,
  parseFilterBinding,
  parseNetworkFilter,
} from "@polyvisor/sdk/conf/nwfilter";
import { parseValidXml } from "@polyvisor/sdk/schema";
import type { TestHypervisor } from "../hypervisor.js";
import { referenceTo, TestFilters } from "./test-filters.js";

const VALIDATE = 1;

/** Network filters, in memory. Their errors are those of libvirt's own driver of filters. */
export function filterHandlers({ domains, events }: TestHypervisor): NwfilterHandlers {
  const node = new TestFilters();
  const { filters } = node;
  events.watch((event) => {
    if (event.kind !== "lifecycle") return;
    const domain = domains.byUuid(event.dom.uuid);
    if (event.event === LIFECYCLE_EVENT.STOPPED) node.unbindGuest(event.dom);
    else if (event.event === LIFECYCLE_EVENT.STARTED && domain !== undefined) node.bindGuest(event.dom, domain.config);
  });

  return {
    connectNumOfNWFilters: () => filters.size,
    connectListNWFilters: () => [...filters].map(({ ref }) => ref.name),
    connectListAllNWFilters({ flags }) {
      checkFlags(flags, 0, "nwfilterConnectListAllNWFilters", "NWFILTER");
      return [...filters].map(({ ref }) => ref);
    },
    nwFilterLookupByName: ({ name }) => filters.lookupByName(name).ref,
    nwFilterLookupByUUID: ({ uuid }) => filters.lookupByUUID(uuid).ref,

    nwFilterDefineXML: ({ xml }) => node.define(parseNetworkFilter(xml)),
    async nwFilterDefineXMLFlags({ xml, flags }) {
      checkFlags(flags, VALIDATE, "nwfilterDefineXMLFlags", "NWFILTER");
      if (flags !== 0) await parseValidXml(xml, "nwfilter");
      return node.define(parseNetworkFilter(xml));
    },
    nwFilterUndefine: ({ nwfilter }) => node.remove(nwfilter.uuid),
    nwFilterGetXMLDesc({ nwfilter, flags }) {
      checkFlags(flags, 0, "nwfilterGetXMLDesc", "NWFILTER");
      return formatNetworkFilter(filters.lookupByUUID(nwfilter.uuid).config);
    },

    connectListAllNWFilterBindings({ flags }) {
      checkFlags(flags, 0, "nwfilterConnectListAllNWFilterBindings", "NWFILTER");
      return [...node.bindings].map(referenceTo);
    },
    nwFilterBindingLookupByPortDev: ({ name }) => referenceTo(node.binding(name)),
    nwFilterBindingGetXMLDesc({ nwfilter, flags }) {
      checkFlags(flags, 0, "nwfilterBindingGetXMLDesc", "NWFILTER");
      return formatFilterBinding(node.binding(nwfilter.portdev));
    },
    async nwFilterBindingCreateXML({ xml, flags }) {
      checkFlags(flags, VALIDATE, "nwfilterBindingCreateXML", "NWFILTER");
      if (flags !== 0) await parseValidXml(xml, "nwfilterBinding");
      return node.bind(parseFilterBinding(xml));
    },
    nwFilterBindingDelete: ({ nwfilter }) => node.unbind(nwfilter.portdev),
  };
}
