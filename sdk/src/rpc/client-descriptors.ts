import { type Call, closeAll, Descriptor, type Takes, VirtError, withDescriptor } from "@polyvisor/core";

/** The descriptors that a caller gives a call: the call's from now on. */
export function descriptorsFor(entry: Call, args: unknown): readonly Descriptor[] {
  if (entry.descriptors !== "taken") return [];
  const { descriptors = [] } = args as Partial<Takes>;
  return descriptors.map((descriptor) => new Descriptor(descriptor.take()));
}

/** What a call gives whose reply brought these descriptors. Throws where they are not what the call has. */
export function resultWithDescriptors(entry: Call, result: unknown, descriptors: readonly Descriptor[]): unknown {
  const [descriptor, ...more] = descriptors;
  if (entry.descriptors === "several") return descriptors;
  if (entry.descriptors !== "given") {
    closeAll(descriptors);
    return result;
  }
  if (descriptor === undefined) throw unexpected("no file descriptor received");
  if (more.length === 0) return withDescriptor(entry, descriptor, (result ?? {}) as Record<string, unknown>);
  closeAll(descriptors);
  throw unexpected("too many file descriptors received");
}

/** What a call gets that has descriptors where the way to the daemon carries none. */
export function noDescriptors(): VirtError {
  return new VirtError("ARGUMENT_UNSUPPORTED", "fd passing is not supported by this connection", {
    domain: "NONE",
    hint: "connect through the daemon's unix socket, on its own machine",
  });
}

function unexpected(detail: string): VirtError {
  return new VirtError("INTERNAL_ERROR", detail, { domain: "REMOTE" });
}
