import { XML_FLAG } from "@polyvisor/core";
import { readConfig, writeConfig } from "./config.js";

/** So often is code run before the compiler has made the best of it. */
const ROUNDS = 2500;

const DEVICES = `<disk type='file' device='disk'><source file='/warm/up.img'/><target dev='vda' bus='virtio'/></disk>
<disk type='block' device='cdrom'><source dev='/dev/sr0'/><target dev='hdc' bus='ide'/><readonly/></disk>
<controller type='usb' index='0'/>
<interface type='network'><source network='default'/></interface>
<console type='pty'/><graphics type='vnc' port='-1'/><video><model type='cirrus'/></video>`;

/** Reads and writes documents such as clients send, without keeping any. */
export function* warmUp(): Generator<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const devices = round % 2 === 0 ? DEVICES : DEVICES.slice(0, DEVICES.indexOf("\n"));
    const config = readConfig(
      `<domain type='test'><name>warm-up</name><memory unit='KiB'>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os><devices>${devices}</devices></domain>`,
    );
    yield;
    writeConfig(config, round % 3 === 0 ? XML_FLAG.INACTIVE : 0);
    yield;
  }
}
