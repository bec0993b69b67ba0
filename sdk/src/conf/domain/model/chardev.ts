import type { DeviceSeclabel, OnOff, YesNo } from "./common.js";
import type { DeviceInfo } from "./device.js";

export interface ChardevReconnect {
  readonly enabled: YesNo;
  /** Seconds; present only when enabled. */
  readonly timeout?: number | undefined;
}

interface ChardevCommon {
  readonly log?: { readonly file: string; readonly append?: OnOff | undefined } | undefined;
  readonly seclabels?: readonly DeviceSeclabel[] | undefined;
}

interface PathCommon extends ChardevCommon {
  readonly path?: string | undefined;
}

export interface ChardevPty extends PathCommon {
  readonly type: "pty";
}
export interface ChardevDev extends PathCommon {
  readonly type: "dev";
}
export interface ChardevPipe extends PathCommon {
  readonly type: "pipe";
}
export interface ChardevFile extends PathCommon {
  readonly type: "file";
  readonly append?: OnOff | undefined;
}
export interface ChardevPlain extends ChardevCommon {
  readonly type: "null" | "vc" | "stdio" | "spicevmc";
}
export interface ChardevTcp extends ChardevCommon {
  readonly type: "tcp";
  /** Listen (`bind`) rather than connect. */
  readonly mode: "bind" | "connect";
  /** With the service in any definition that was checked: a console that shows the first serial port needs neither. */
  readonly host?: string | undefined;
  readonly service?: string | undefined;
  readonly protocol: "raw" | "telnet" | "telnets" | "tls";
  readonly tls?: YesNo | undefined;
  readonly tlsFromConfig?: boolean | undefined;
  readonly reconnect?: ChardevReconnect | undefined;
}
export interface ChardevUdp extends ChardevCommon {
  readonly type: "udp";
  readonly bind?: { readonly host?: string | undefined; readonly service?: string | undefined } | undefined;
  readonly connect?: { readonly host?: string | undefined; readonly service?: string | undefined } | undefined;
}
export interface ChardevUnix extends ChardevCommon {
  readonly type: "unix";
  readonly mode: "bind" | "connect";
  /** Absent means that the driver makes one up when the guest starts. */
  readonly path?: string | undefined;
  readonly reconnect?: ChardevReconnect | undefined;
}
export interface ChardevSpiceport extends ChardevCommon {
  readonly type: "spiceport";
  readonly channel?: string | undefined;
}
export interface ChardevNmdm extends ChardevCommon {
  readonly type: "nmdm";
  /** Both or none; a driver makes up what is left out. */
  readonly master?: string | undefined;
  readonly slave?: string | undefined;
}
export interface ChardevQemuVdagent extends ChardevCommon {
  readonly type: "qemu-vdagent";
  readonly clipboardCopypaste?: YesNo | undefined;
  readonly mouseMode?: "server" | "client" | undefined;
}
export interface ChardevDbus extends ChardevCommon {
  readonly type: "dbus";
  readonly channel?: string | undefined;
}

/** The host's end of a character device. */
export type ChardevSource =
  | ChardevPty
  | ChardevDev
  | ChardevPipe
  | ChardevFile
  | ChardevPlain
  | ChardevTcp
  | ChardevUdp
  | ChardevUnix
  | ChardevSpiceport
  | ChardevNmdm
  | ChardevQemuVdagent
  | ChardevDbus;

export type SerialTargetType =
  | "isa-serial"
  | "usb-serial"
  | "pci-serial"
  | "spapr-vio-serial"
  | "system-serial"
  | "sclp-serial"
  | "isa-debug";

export type SerialTargetModel =
  | "isa-serial"
  | "usb-serial"
  | "pci-serial"
  | "spapr-vty"
  | "pl011"
  | "sclpconsole"
  | "sclplmconsole"
  | "16550a"
  | "isa-debugcon";

export interface Serial extends DeviceInfo {
  readonly kind: "serial";
  readonly source: ChardevSource;
  readonly target: {
    readonly type?: SerialTargetType | undefined;
    readonly model?: SerialTargetModel | undefined;
    /** -1 until chosen. */
    readonly port: number;
  };
}

export interface Parallel extends DeviceInfo {
  readonly kind: "parallel";
  readonly source: ChardevSource;
  readonly target: { readonly port: number };
}

export type ConsoleTargetType = "serial" | "xen" | "uml" | "virtio" | "lxc" | "openvz" | "sclp" | "sclplm";

export interface Console extends DeviceInfo {
  readonly kind: "console";
  readonly source: ChardevSource;
  readonly target: { readonly type?: ConsoleTargetType | undefined; readonly port: number };
}

export type ChannelTarget =
  | { readonly type: "guestfwd"; readonly address: string; readonly port: number }
  | {
      readonly type: "virtio";
      readonly name?: string | undefined;
      /** Live only. */
      readonly state?: "connected" | "disconnected" | undefined;
    }
  | {
      readonly type: "xen";
      readonly name?: string | undefined;
      readonly state?: "connected" | "disconnected" | undefined;
    };

export interface Channel extends DeviceInfo {
  readonly kind: "channel";
  readonly source: ChardevSource;
  readonly target: ChannelTarget;
}

export type Chardev = Serial | Parallel | Console | Channel;
