import type { Domain, NamespaceData } from "../domain/model/index.js";

/** A hypervisor's own elements, each as XML text. */
export interface NamespaceJson extends Pick<NamespaceData, "prefix" | "uri"> {
  readonly elements: readonly string[];
}

/**
 * A domain's configuration as JSON: the model as it is, but that the parts which are the user's own XML are texts.
 *
 * Numbers are plain: none of the model's is above 2^53. What is not set is left out.
 */
export interface DomainJson extends Omit<Domain, "metadata" | "namespace"> {
  /** `<metadata>` as XML text. */
  readonly metadata?: string | undefined;
  readonly namespace?: NamespaceJson | undefined;
}
