import type { Capabilities, DomainHooks } from "@polyvisor/sdk/conf";

/** What a native configuration is read with. */
export interface NativeContext {
  readonly capabilities: Capabilities;
  readonly hooks: DomainHooks;
  /** The feature by which the host's CPU runs guests in guests; `vmx` when left out. */
  readonly hardwareVirtualization?: "vmx" | "svm" | undefined;
}
