import { has, type QemuCapabilities, type QemuFlag } from "../capabilities/index.js";
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

/** What is given to the emulator as properties. */
export type Structured = "device" | "object" | "netdev" | "blockdev";

/** The property that stands first without its name, and what says that JSON is understood; `-blockdev` was JSON from its first day. */
const OPTIONS: Readonly<Record<Structured, { readonly head: string; readonly flag?: QemuFlag }>> = {
  device: { head: "driver", flag: "device.json+hotplug" },
  object: { head: "qom-type", flag: "object.qapified" },
  netdev: { head: "type", flag: "netdev.json" },
  blockdev: { head: "driver" },
};

/** The host's end of a character device, as an option and as a monitor command has it. */
export interface ChardevForms {
  readonly id: string;
  option(): string;
  backend(): Props;
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
    this.structured("device", this.#override(props));
  }

  object(props: Props): void {
    this.structured("object", props);
  }

  netdev(props: Props): void {
    this.structured("netdev", props);
  }

  blockdev(props: Props): void {
    this.structured("blockdev", props);
  }

  /** The host's end of a character device, in the form that is needed. */
  chardev({ option }: ChardevForms): void {
    this.add("-chardev", option());
  }

  /** What QEMU calls a descriptor of ours: it has inherited it. */
  descriptor(fd: number, _name: string): string {
    return String(fd);
  }

  watchdogAction(action: string): void {
    this.add("-watchdog-action", action);
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

  protected structured(kind: Structured, props: Props): void {
    const { head, flag } = OPTIONS[kind];
    const json = flag === undefined || has(this.#caps, flag);
    this.add(`-${kind}`, json ? jsonText(props) : propsToOption(head, props));
  }

  #override(props: Props): Props {
    const changes = typeof props.id === "string" ? this.#options.overrides.get(props.id) : undefined;
    if (changes === undefined) return props;
    const kept = Object.entries(props).filter(([name]) => !changes.has(name));
    return Object.fromEntries([...kept, ...changes]);
  }
}
