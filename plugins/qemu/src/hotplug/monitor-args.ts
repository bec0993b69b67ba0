import { has, type QemuCapabilities } from "../capabilities/index.js";
import { Args, type ArgsOptions, type ChardevForms, type Structured } from "../command-line/args.js";
import { internal } from "../command-line/context.js";
import type { Props } from "../command-line/props.js";

/** One thing that the monitor is asked for, and what takes it back. */
export interface Command {
  readonly name: string;
  readonly args: Props;
  readonly undo?: { readonly name: string; readonly args: Props } | undefined;
  /** A descriptor of ours that goes along. */
  readonly fd?: number | undefined;
}

const COMMANDS: Readonly<Record<Structured, readonly [add: string, remove: string]>> = {
  device: ["device_add", "device_del"],
  object: ["object-add", "object-del"],
  netdev: ["netdev_add", "netdev_del"],
  blockdev: ["blockdev-add", "blockdev-del"],
};

/**
 * What would be options of a command line becomes commands of the monitor. An option that has no command is refused: the
 * device must be there from the start then.
 */
export class MonitorArgs extends Args {
  readonly #commands: Command[] = [];
  readonly #caps: QemuCapabilities;
  #fdSet: number;

  /** `fdSet`: the first number of a set of descriptors that the emulator does not have. */
  constructor(caps: QemuCapabilities, options: ArgsOptions, fdSet: number) {
    super(caps, options);
    this.#caps = caps;
    this.#fdSet = fdSet;
  }

  /** What the device stands on comes before the device. */
  get commands(): readonly Command[] {
    const isDevice = ({ name }: Command) => name === "device_add";
    return [...this.#commands.filter((each) => !isDevice(each)), ...this.#commands.filter(isDevice)];
  }

  override add(option: string): void {
    throw internal(`'${option}' cannot be given to a running emulator`);
  }

  override watchdogAction(action: string): void {
    if (has(this.#caps, "set-action")) this.#commands.push({ name: "set-action", args: { watchdog: action } });
    else this.#commands.push({ name: "watchdog-set-action", args: { action } });
  }

  override chardev({ id, backend }: ChardevForms): void {
    // A descriptor that the backend names is handed over first.
    const args = { id, backend: backend() };
    this.#commands.push({ name: "chardev-add", args, undo: { name: "chardev-remove", args: { id } } });
  }

  override descriptor(fd: number, name: string): string {
    const undo = { name: "closefd", args: { fdname: name } };
    this.#commands.push({ name: "getfd", args: { fdname: name }, undo, fd });
    return name;
  }

  override fdsSet(
    descriptors: readonly { readonly fd: number; readonly opaque: string }[],
    set: number = this.#fdSet++,
  ): string {
    for (const { fd, opaque } of descriptors) {
      const undo = { name: "remove-fd", args: { "fdset-id": set } };
      this.#commands.push({ name: "add-fd", args: { "fdset-id": set, opaque }, undo, fd });
    }
    return `/dev/fdset/${set}`;
  }

  protected override structured(kind: Structured, props: Props): void {
    const [name, remove] = COMMANDS[kind];
    const key = kind === "blockdev" ? "node-name" : "id";
    const undo = { name: remove, args: { [key]: props[key] } };
    this.#commands.push({ name, args: kind === "object" ? this.#objectProps(props) : props, undo });
  }

  /** Older emulators have the properties of an object apart from what it is. */
  #objectProps(props: Props): Props {
    if (has(this.#caps, "object.qapified")) return props;
    const { "qom-type": type, id, ...rest } = props;
    return { "qom-type": type, id, props: rest };
  }
}
