import { constants, open as openCallback } from "node:fs";
import { promisify } from "node:util";
import { closeDescriptor, ioctl, openInterfaceSocket } from "@polyvisor/sdk/process";
import { qemuError, systemError } from "../errors.js";

const openFile = promisify(openCallback);

const TUNSETIFF = 0x400454ca;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const SIOCGIFINDEX = 0x8933;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCSIFMTU = 0x8922;
const SIOCGIFMTU = 0x8921;
const SIOCSIFHWADDR = 0x8924;
const SIOCBRADDIF = 0x89a2;
const SIOCBRDELIF = 0x89a3;
const IFF_UP = 0x1;
const ARPHRD_ETHER = 1;
const IFNAMSIZ = 16;
const IFREQ_SIZE = 40;

export interface TapOptions {
  /** The wanted name; without one the kernel takes the next free `vnetN`. */
  readonly name?: string | undefined;
  readonly bridge: string;
  /** The guest's address. The host's end gets the same one with a first byte of fe, so that the bridge never takes it. */
  readonly mac: string;
  readonly mtu?: number | undefined;
  /** The guest's card can take packets with offload headers. */
  readonly vnetHeader: boolean;
}

export interface Tap {
  readonly fd: number;
  readonly name: string;
}

/**
 * A tap device on a bridge, as a descriptor for the emulator. It is not persistent: it goes when the last holder of the
 * descriptor does, however that ends, so nobody has to clean it up. The device file and the ioctls never block.
 */
export async function createTap(options: TapOptions): Promise<Tap> {
  let fd: number;
  try {
    fd = await openFile("/dev/net/tun", constants.O_RDWR);
  } catch (error) {
    throw systemError("Unable to open /dev/net/tun, is tun module loaded?", error);
  }
  try {
    const name = makeTap(fd, options);
    attach(name, options);
    return { fd, name };
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

function makeTap(fd: number, { name, vnetHeader }: TapOptions): string {
  const request = interfaceRequest(name ?? "vnet%d");
  request.writeUInt16LE(IFF_TAP | IFF_NO_PI | (vnetHeader ? IFF_VNET_HDR : 0), IFNAMSIZ);
  call(fd, TUNSETIFF, request, "Unable to create tap device");
  return request.toString("latin1", 0, request.indexOf(0));
}

function attach(name: string, { bridge, mac, mtu }: TapOptions): void {
  const socket = openInterfaceSocket();
  try {
    const address = interfaceRequest(name);
    address.writeUInt16LE(ARPHRD_ETHER, IFNAMSIZ);
    Buffer.from(`fe${mac.replaceAll(":", "").slice(2)}`, "hex").copy(address, IFNAMSIZ + 2);
    call(socket, SIOCSIFHWADDR, address, `Cannot set interface MAC on '${name}'`);
    const size = interfaceRequest(mtu === undefined ? bridge : name);
    if (mtu === undefined) call(socket, SIOCGIFMTU, size, `Cannot get interface MTU on '${bridge}'`);
    else size.writeInt32LE(mtu, IFNAMSIZ);
    const ofTap = interfaceRequest(name);
    ofTap.writeInt32LE(size.readInt32LE(IFNAMSIZ), IFNAMSIZ);
    call(socket, SIOCSIFMTU, ofTap, `Cannot set interface MTU on '${name}'`);
    const index = interfaceRequest(name);
    call(socket, SIOCGIFINDEX, index, `Cannot find interface '${name}'`);
    const member = interfaceRequest(bridge);
    member.writeInt32LE(index.readInt32LE(IFNAMSIZ), IFNAMSIZ);
    call(socket, SIOCBRADDIF, member, `Unable to add bridge ${bridge} port ${name}`);
    const flags = interfaceRequest(name);
    call(socket, SIOCGIFFLAGS, flags, `Cannot get interface flags on '${name}'`);
    flags.writeUInt16LE(flags.readUInt16LE(IFNAMSIZ) | IFF_UP, IFNAMSIZ);
    call(socket, SIOCSIFFLAGS, flags, `Cannot set interface flags on '${name}'`);
  } finally {
    closeDescriptor(socket);
  }
}

/** Puts a tap that is on one bridge on another. Never blocks. */
export function moveToBridge(name: string, from: string, bridge: string): void {
  const socket = openInterfaceSocket();
  try {
    const index = interfaceRequest(name);
    call(socket, SIOCGIFINDEX, index, `Cannot find interface '${name}'`);
    const known = interfaceRequest(bridge);
    try {
      call(socket, SIOCGIFINDEX, known, `Cannot find interface '${bridge}'`);
    } catch {
      throw qemuError("OPERATION_FAILED", `bridge ${bridge} doesn't exist`);
    }
    const former = interfaceRequest(from);
    former.writeInt32LE(index.readInt32LE(IFNAMSIZ), IFNAMSIZ);
    try {
      call(socket, SIOCBRDELIF, former, `Unable to remove bridge ${from} port ${name}`);
    } catch {
      // That bridge may be gone, and its network made anew.
    }
    const member = interfaceRequest(bridge);
    member.writeInt32LE(index.readInt32LE(IFNAMSIZ), IFNAMSIZ);
    call(socket, SIOCBRADDIF, member, `Unable to add bridge ${bridge} port ${name}`);
  } finally {
    closeDescriptor(socket);
  }
}

/** `struct ifreq`: the name, then what is asked or answered. */
function interfaceRequest(name: string): Buffer {
  if (Buffer.byteLength(name) >= IFNAMSIZ) throw qemuError("INVALID_ARG", `the interface name '${name}' is too long`);
  const request = Buffer.alloc(IFREQ_SIZE);
  request.write(name, "latin1");
  return request;
}

const WORDS: Readonly<Record<string, string>> = {
  ENODEV: "No such device",
  EPERM: "Operation not permitted",
  EBUSY: "Device or resource busy",
  EOPNOTSUPP: "Operation not supported",
};

function call(fd: number, request: number, argument: Buffer, what: string): void {
  try {
    ioctl(fd, request, argument);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw qemuError("SYSTEM_ERROR", `${what}: ${WORDS[code ?? ""] ?? code}`, { cause: error });
  }
}
