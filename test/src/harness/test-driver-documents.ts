/** Documents for virsh's commands, by the names that scripts call them by. */
export const DOCUMENTS = {
  domain: `<domain type='test'>
  <name>blue</name>
  <uuid>33333333-0000-0000-0000-000000000001</uuid>
  <memory>65536</memory>
  <os><type>hvm</type></os>
</domain>`,
  network: `<network>
  <name>red</name>
  <uuid>11111111-0000-0000-0000-000000000001</uuid>
  <forward mode='route'/>
  <bridge name='virbr7' stp='off' delay='3'/>
  <mac address='52:54:00:11:22:33'/>
  <domain name='example.org' localOnly='yes'/>
  <ip address='10.7.0.1' prefix='24'>
    <dhcp><range start='10.7.0.10' end='10.7.0.20'/></dhcp>
  </ip>
</network>`,
  networkAgain: `<network>
  <name>red</name>
  <uuid>11111111-0000-0000-0000-000000000001</uuid>
  <bridge name='virbr8'/>
</network>`,
  networkOtherUuid: "<network><name>red</name><uuid>11111111-0000-0000-0000-000000000002</uuid></network>",
  networkOtherName: "<network><name>blue</name><uuid>11111111-0000-0000-0000-000000000001</uuid></network>",
  networkBridgeless: `<network>
  <name>green</name>
  <uuid>11111111-0000-0000-0000-000000000003</uuid>
  <forward mode='hostdev'><address type='pci' domain='0' bus='1' slot='2' function='3'/></forward>
</network>`,
  networkBroken: "<network><name>red</name><ip address='nonsense'/></network>",
  networkUnknown: "<network><name>odd</name><colour/></network>",
  dhcpHost: "<host mac='52:54:00:00:00:01' name='one' ip='10.7.0.11'/>",
  dhcpHostChanged: "<host mac='52:54:00:00:00:01' name='uno' ip='10.7.0.12'/>",
  dnsHost: "<host ip='10.7.0.1'><hostname>router</hostname></host>",
  pool: `<pool type='dir'>
  <name>images</name>
  <uuid>22222222-0000-0000-0000-000000000001</uuid>
  <target><path>/images</path><permissions><mode>0755</mode></permissions></target>
</pool>`,
  poolAgain: `<pool type='dir'>
  <name>images</name>
  <uuid>22222222-0000-0000-0000-000000000001</uuid>
  <target><path>/other</path></target>
</pool>`,
  poolRival: "<pool type='dir'><name>rival</name><target><path>/images</path></target></pool>",
  poolOtherUuid: `<pool type='dir'>
  <name>images</name>
  <uuid>22222222-0000-0000-0000-000000000002</uuid>
  <target><path>/images</path></target>
</pool>`,
  poolLogical: `<pool type='logical'>
  <name>group</name>
  <uuid>22222222-0000-0000-0000-000000000003</uuid>
  <source><device path='/dev/sdx1'/></source>
</pool>`,
  poolBroken: "<pool type='dir'><name>broken</name></pool>",
  poolFc: `<pool type='scsi'>
  <name>fabric</name>
  <uuid>22222222-0000-0000-0000-000000000004</uuid>
  <source><adapter type='fc_host' wwnn='20000000c9831b4b' wwpn='10000000c9831b4b'/></source>
  <target><path>/dev/disk/by-path</path></target>
</pool>`,
  volume: "<volume><name>one</name><capacity unit='GiB'>2</capacity><target><format type='qcow2'/></target></volume>",
  volumeHuge: "<volume><name>huge</name><capacity unit='TiB'>1</capacity></volume>",
  volumeSparse: `<volume>
  <name>sparse</name>
  <capacity unit='TiB'>1</capacity>
  <allocation>4096</allocation>
  <backingStore><path>/images/one</path><format type='qcow2'/></backingStore>
</volume>`,
  volumeBroken: "<volume><name>two</name></volume>",
  interface: `<interface type='bridge' name='br0'>
  <start mode='onboot'/>
  <mtu size='1500'/>
  <protocol family='ipv4'><dhcp/></protocol>
  <bridge stp='off' delay='0.01'>
    <interface type='ethernet' name='eth0'><mac address='ab:bb:cc:dd:ee:ff'/></interface>
  </bridge>
</interface>`,
  interfaceEthernet: `<interface type='ethernet' name='eth7'>
  <start mode='none'/>
  <mac address='00:16:3e:11:22:33'/>
</interface>`,
  interfaceSameMac: `<interface type='ethernet' name='eth8'>
  <start mode='none'/>
  <mac address='00:16:3e:11:22:33'/>
</interface>`,
  interfaceBroken: "<interface type='ethernet'/>",
  port: `<device>
  <parent>scsi_host1</parent>
  <capability type='scsi_host'>
    <capability type='fc_host'><wwnn>2000000000000001</wwnn><wwpn>1000000000000001</wwpn></capability>
  </capability>
</device>`,
  portByFabric: `<device>
  <parent fabric_wwn='2000000087658765'/>
  <capability type='scsi_host'>
    <capability type='fc_host'><wwnn>2000000000000001</wwnn><wwpn>1000000000000001</wwpn></capability>
  </capability>
</device>`,
  portNameless: `<device>
  <parent>scsi_host1</parent>
  <capability type='scsi_host'><capability type='fc_host'/></capability>
</device>`,
  portOfNobody: `<device>
  <parent>scsi_host99</parent>
  <capability type='scsi_host'>
    <capability type='fc_host'><wwnn>2000000000000001</wwnn><wwpn>1000000000000001</wwpn></capability>
  </capability>
</device>`,
  portOfComputer: `<device>
  <parent>computer</parent>
  <capability type='scsi_host'>
    <capability type='fc_host'><wwnn>2000000000000001</wwnn><wwpn>1000000000000001</wwpn></capability>
  </capability>
</device>`,
  disk: `<disk type='file' device='disk'>
  <source file='/images/two'/>
  <target dev='vdb' bus='virtio'/>
</disk>`,
  snapshot: "<domainsnapshot><name>one</name><description>the first</description></domainsnapshot>",
  checkpoint:
    "<domaincheckpoint><name>one</name><disks><disk name='vda' checkpoint='bitmap'/></disks></domaincheckpoint>",
  backup:
    "<domainbackup><disks><disk name='vda' type='file'><target file='/images/backup'/></disk></disks></domainbackup>",
  cpu: "<cpu><arch>x86_64</arch><model>Nehalem</model></cpu>",
  cpus: "<cpu><arch>x86_64</arch><model>Nehalem</model></cpu><cpu><arch>x86_64</arch><model>Westmere</model></cpu>",
  filter: "<filter name='mine' chain='root'><rule action='accept' direction='out'/></filter>",
  binding: `<filterbinding>
  <owner><name>test</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid></owner>
  <portdev name='vnet0'/>
  <mac address='52:54:00:11:22:33'/>
  <filterref filter='mine'/>
</filterbinding>`,
  secret: `<secret ephemeral='no' private='no'>
  <uuid>88888888-0000-4000-8000-000000000001</uuid>
  <usage type='volume'><volume>/images/one</volume></usage>
</secret>`,
  /** No document: what virsh starts as an editor, by name. */
  editor: `sed -i -e "s/<on_reboot>restart</<on_reboot>destroy</" -e "s/stp='on'/stp='off'/" -e "s/mtu size='1492'/mtu size='1400'/" "$1"`,
} as const;
