import { has, type QemuCapabilities } from "../capabilities/index.js";
import { jsonText, type Props, type PropValue, propsToOption } from "./props.js";

/** What `<qemu:override>` changes: properties by the alias of their device. `undefined` removes one. */
export type DeviceOverrides = ReadonlyMap<string, ReadonlyMap<string, PropValue | undefined>>;

export interface ArgsOptions {
  readonly overrides: DeviceOverrides;
  /** A device that must exist before another one, by the alias of that one. */
  readonly companions: ReadonlyMap<string, Props>;
  /** As many sets of descriptors, from 0 on, are numbered by the caller. */
  readonly reservedFdSets: number;
}

/**
 * A command line that grows option by option.
 *
 * Structured options are JSON where the emulator understands it, else `key=value,...`, which older ones need.
 */
export class Args {
  readonly argv: string[] = [];
  readonly env: [name: string, value: string][] = [];
  readonly #caps: QemuCapabilities;
  readonly #options: ArgsOptions;
  #fdSets: number;

  constructor(caps: QemuCapabilities, options: ArgsOptions) {
    this.#caps = caps;
    this.#options = options;
    this.#fdSets = options.reservedFdSets;
  }

  add(option: string, ...values: string[]): void {
    this.argv.push(option, ...values);
  }

  device(props: Props): void {
    const companion = typeof props.id === "string" ? this.#options.companions.get(props.id) : undefined;
    if (companion !== undefined) this.device(companion);
    this.#structured("-device", "driver", this.#override(props), has(this.#caps, "device.json+hotplug"));
  }

  object(props: Props): void {
    this.#structured("-object", "qom-type", props, has(this.#caps, "object.qapified"));
  }

  netdev(props: Props): void {
    this.#structured("-netdev", "type", props, has(this.#caps, "netdev.json"));
  }

  /** `-blockdev` was JSON from its first day. */
  blockdev(props: Props): void {
    this.add("-blockdev", jsonText(props));
  }

  setEnv(name: string, value: string): void {
    this.env.push([name, value]);
  }

  /** Passes an inherited descriptor as a file that QEMU may open; returns its path. `opaque` is for the reader of a process list. */
  fdSet(fd: number, opaque: string): string {
    return this.fdsSet([{ fd, opaque }]);
  }

  /** The same for descriptors of one file: QEMU takes the one that is open in the way that it needs. */
  fdsSet(
    descriptors: readonly { readonly fd: number; readonly opaque: string }[],
    set: number = this.#fdSets++,
  ): string {
    for (const { fd, opaque } of descriptors) this.add("-add-fd", `set=${set},fd=${fd},opaque=${opaque}`);
    return `/dev/fdset/${set}`;
  }

  #structured(option: string, head: string, props: Props, json: boolean): void {
    this.add(option, json ? jsonText(props) : propsToOption(head, props));
  }

  #override(props: Props): Props {
    const changes = typeof props.id === "string" ? this.#options.overrides.get(props.id) : undefined;
    if (changes === undefined) return props;
    const kept = Object.entries(props).filter(([name]) => !changes.has(name));
    return Object.fromEntries([...kept, ...changes]);
  }
}
