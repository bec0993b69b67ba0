import { type HostInterface, parseHostInterface } from "@polyvisor/sdk/conf/interface";
import { type Network, parseNetwork } from "@polyvisor/sdk/conf/network";
import { type NodeDevice, parseNodeDevice } from "@polyvisor/sdk/conf/node-device";
import { parseStoragePool, type StoragePool } from "@polyvisor/sdk/conf/storage-pool";
import { running } from "@polyvisor/sdk/lifecycle";
import { readConfig } from "./config.js";
import { DEFAULT_DOMAIN } from "./default-domain.js";
import { DEFAULT_NODE } from "./node-facts.js";
import type { DomainContents, NodeContents } from "./test-node.js";

/** What there is beside domains from the start, as libvirt's test driver has it. */

function defaultNetwork(): Network {
  return parseNetwork(`<network>
  <name>default</name>
  <uuid>dd8fe884-6c02-601e-7551-cca97df1c5df</uuid>
  <bridge name='virbr0'/>
  <forward/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp>
  </ip>
</network>`);
}

function defaultPool(): StoragePool {
  return parseStoragePool(`<pool type='dir'>
  <name>default-pool</name>
  <uuid>dfe224cb-28fb-8dd0-c4b2-64eb3f0f4566</uuid>
  <target><path>/default-pool</path></target>
</pool>`);
}

function defaultInterface(): HostInterface {
  return parseHostInterface(`<interface type='ethernet' name='eth1'>
  <start mode='onboot'/>
  <mac address='aa:bb:cc:dd:ee:ff'/>
  <mtu size='1492'/>
  <protocol family='ipv4'>
    <ip address='192.168.0.5' prefix='24'/>
    <route gateway='192.168.0.1'/>
  </protocol>
</interface>`);
}

const COMPUTER = `<device>
  <name>computer</name>
  <capability type='system'>
    <hardware>
      <vendor>Libvirt</vendor>
      <version>Test driver</version>
      <serial>123456</serial>
      <uuid>11111111-2222-3333-4444-555555555555</uuid>
    </hardware>
    <firmware>
      <vendor>Libvirt</vendor>
      <version>Test Driver</version>
      <release_date>01/22/2007</release_date>
    </firmware>
  </capability>
</device>`;

/** A host bus adapter: its number, its parent, the end of its two names, the name of its fabric. */
type Adapter = readonly [host: number, parent: string, wwn: string, fabric: string, makesPorts: boolean];

/** Two adapters that can make virtual ports, and a virtual port of the first one. */
const ADAPTERS: readonly Adapter[] = [
  [1, "computer", "000000012341234", "2000000043214321", true],
  [2, "computer", "000000056785678", "2000000087658765", true],
  [11, "scsi_host1", "000000034563456", "2000000043214321", false],
];

function defaultDevices(): readonly NodeDevice[] {
  return [COMPUTER, ...ADAPTERS.map(documentOf)].map((xml) => parseNodeDevice(xml));
}

function documentOf([host, parent, wwn, fabric, makesPorts]: Adapter): string {
  return `<device>
  <name>scsi_host${host}</name>
  <parent>${parent}</parent>
  <capability type='scsi_host'>
    <host>${host}</host>
    <unique_id>${host - 1}</unique_id>
    <capability type='fc_host'>
      <wwnn>2${wwn}</wwnn>
      <wwpn>1${wwn}</wwpn>
      <fabric_wwn>${fabric}</fabric_wwn>
    </capability>
    ${makesPorts ? "<capability type='vport_ops'/>" : ""}
  </capability>
</device>`;
}

/** All that `test:///default` has when it is opened. */
export function defaultContents(): NodeContents {
  const domain: DomainContents = {
    config: readConfig(DEFAULT_DOMAIN),
    status: running("UNKNOWN"),
    persistent: true,
    hasManagedSave: false,
    snapshots: [],
    currentSnapshot: undefined,
  };
  return {
    facts: DEFAULT_NODE,
    domains: [domain],
    networks: [defaultNetwork()],
    interfaces: [defaultInterface()],
    pools: [{ config: defaultPool(), volumes: [] }],
    devices: defaultDevices(),
  };
}
