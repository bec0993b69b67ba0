import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * @typedef {object} GuestKind what one guest of the soak is like
 * @property {string} name
 * @property {string} uuid
 * @property {boolean} transient it is mostly created, and seldom defined
 * @property {boolean} obeys its disk boots something that turns the machine off when the power button is pressed
 * @property {boolean} bridged it has a card on the bridge, and so a tap device on the host
 * @property {boolean} autostart it starts with the host
 * @property {boolean} channel it has a channel
 * @property {string[]} devices
 */

/** The bridge on which guests have cards, where the host lets us make one. */
export const BRIDGE = "kill0";

const PTY = "<serial type='pty'><target port='0'/></serial>";
/** The channel of a guest that has one: a socket in the folder of its channels. */
export const CHANNEL = "org.polyvisor.soak";
const CHANNEL_XML = `<channel type='unix'><target type='virtio' name='${CHANNEL}'/></channel>`;
const USER = "<interface type='user'><model type='virtio'/></interface>";
const bridged = (number) =>
  `<interface type='bridge'><mac address='52:54:00:6b:69:0${number}'/><source bridge='${BRIDGE}'/><model type='virtio'/></interface>`;
const disk = (path, format, more = "") =>
  `<disk type='file' device='disk'><driver name='qemu' type='${format}'/><source file='${path}'/><target dev='vda' bus='virtio'/>${more}</disk>`;

/**
 * The guests of a soak; images are made in `folder`.
 *
 * @param {boolean} withBridge @returns {Promise<GuestKind[]>}
 */
export async function makeGuests(folder, withBridge) {
  const raw = join(folder, "obedient.raw");
  const qcow2 = join(folder, "obedient.qcow2");
  await writeFile(raw, obedientSector());
  await run("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", raw, qcow2]);
  const shared = disk(raw, "raw", "<readonly/><shareable/>");
  const card = (number) => (withBridge ? [bridged(number)] : []);
  const kinds = [
    { name: "plain", channel: true, devices: [PTY, CHANNEL_XML] },
    { name: "disk", obeys: true, devices: [disk(qcow2, "qcow2"), PTY] },
    { name: "net", obeys: true, bridged: withBridge, devices: [shared, USER, ...card(1)] },
    { name: "auto", obeys: true, autostart: true, devices: [shared] },
    { name: "churn", devices: [] },
    { name: "fleeting", transient: true, obeys: true, devices: [shared, PTY] },
    { name: "fleeting-net", transient: true, bridged: withBridge, devices: [...card(2)] },
  ];
  return kinds.map((kind, index) => ({
    transient: false,
    obeys: false,
    bridged: false,
    autostart: false,
    channel: false,
    uuid: `6b696c6c-0000-4000-8000-00000000000${index}`,
    ...kind,
  }));
}

/**
 * A guest's document. The revision stands in its description, so that it shows which of many documents is in force.
 *
 * @param {GuestKind} kind @param {{ rev: number, memory: number, current: number }} definition memory in KiB
 */
export function documentOf(kind, { rev, memory, current }) {
  return `<domain type='qemu'><name>${kind.name}</name><uuid>${kind.uuid}</uuid><description>revision ${rev}</description>
  <memory unit='KiB'>${memory}</memory><currentMemory unit='KiB'>${current}</currentMemory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os><features><acpi/></features>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator><controller type='usb' model='none'/>${kind.devices.join("")}</devices></domain>`;
}

/** What `documentOf` wrote, read back from any document of the domain. */
export function definitionIn(xml) {
  const number = (pattern) => Number(pattern.exec(xml)?.[1] ?? Number.NaN);
  return {
    rev: number(/<description>revision (\d+)<\/description>/),
    memory: number(/<memory unit='KiB'>(\d+)</),
    current: number(/<currentMemory unit='KiB'>(\d+)</),
  };
}

/**
 * A boot sector for QEMU's PC machines: it allows the power button to be noticed (PM1 enable register, 0x602), sleeps from
 * one tick to the next until it is pressed (status, 0x600), and turns the machine off (control, 0x604).
 */
function obedientSector() {
  const sector = Buffer.alloc(1_048_576);
  Buffer.from("ba0206 b80001 ef fb f4 ba0006 ed f6c401 74f5 ba0406 b80020 ef f4 ebfd".replaceAll(" ", ""), "hex").copy(
    sector,
  );
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}
