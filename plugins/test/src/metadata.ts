import { AFFECT, type DomainActionsHandlers } from "@polyvisor/core";
import { metadataOf, withMetadata } from "@polyvisor/sdk/metadata";
import type { XmlElement } from "@polyvisor/sdk/xml";
import { configFor, editAll } from "./edit.js";
import { checkFlags } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";
import { BEHAVIOUR_NAMESPACE, readBehaviour } from "./simulation/behaviour.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** What people and programs write about a domain: its description, its title, elements of their own. */
export function metadataHandlers(hypervisor: TestHypervisor): DomainActionsHandlers {
  return {
    domainGetMetadata({ dom, type, uri, flags }) {
      checkFlags(flags, AFFECTED, "testDomainGetMetadata");
      return metadataOf(configFor(hypervisor, dom, flags), type, uri ?? "");
    },

    domainSetMetadata({ dom, type, metadata, key, uri, flags }) {
      checkFlags(flags, AFFECTED, "testDomainSetMetadata");
      const change = { type, text: metadata ?? undefined, key: key ?? "", uri: uri ?? "" };
      editAll(hypervisor, dom, flags, (config) => withMetadata(config, change, checkBehaviour));
      const { ref } = hypervisor.domains.find(dom);
      hypervisor.events.emit({ kind: "metadataChange", dom: ref, type, nsuri: uri });
    },
  };
}

function checkBehaviour(element: XmlElement): void {
  if (element.uri === BEHAVIOUR_NAMESPACE) readBehaviour(element);
}
