/**
 * virsh's commands on `test:///default`, topic by topic; each topic begins with a fresh driver. A name in angle brackets
 * is the file of that document.
 */
export const SCRIPTS: Readonly<Record<string, string>> = {
  "networks that are there": `
net-list
net-list --all
net-list --name --inactive
net-list --transient
net-list --no-autostart --uuid
net-info default
net-dumpxml default
net-dumpxml nothing
net-name dd8fe884-6c02-601e-7551-cca97df1c5df
net-name dd8fe884-6c02-601e-7551-cca97df1c5d0
net-uuid default
net-autostart default
net-info default
net-autostart default --disable
net-autostart nothing
net-start default
net-undefine default
net-destroy default
net-list --all
net-start default
net-destroy default
net-undefine default
net-list --all
`,
  "networks that are defined": `
net-define <network>
net-list --all --table
net-dumpxml red
net-start red
net-define <networkOtherUuid>
net-define <networkOtherName>
net-define <networkBroken>
net-define <networkUnknown> --validate
net-create <network>
net-destroy red
net-undefine red
net-define <networkBridgeless>
net-info green
net-dumpxml green
`,
  "networks that are created": `
net-create <network>
net-info red
net-list --transient
net-autostart red
net-destroy red
net-info red
net-create <networkBroken>
net-create <networkUnknown> --validate
net-create <networkBridgeless> --validate
`,
  "networks that are updated": `
net-define <network>
net-update red add ip-dhcp-host <dhcpHost>
net-dumpxml red
net-update red add ip-dhcp-host <dhcpHost>
net-update red modify ip-dhcp-host <dhcpHostChanged>
net-update red add dns-host <dnsHost> --live
net-start red
net-update red add dns-host <dnsHost> --live
net-dumpxml red
net-update red delete ip-dhcp-host <dhcpHostChanged> --config --live
net-update red modify bridge <dnsHost>
net-dumpxml red
net-create <networkBridgeless>
net-update green add dns-host <dnsHost> --config
`,
  "pools that are there": `
pool-list
pool-list --all --details
pool-list --transient
pool-list --type dir --name
pool-list --type logical,netfs
pool-info default-pool
pool-info default-pool --bytes
pool-dumpxml default-pool
pool-dumpxml nothing
pool-name dfe224cb-28fb-8dd0-c4b2-64eb3f0f4566
pool-uuid default-pool
pool-autostart default-pool
pool-info default-pool
pool-start default-pool
pool-build default-pool
pool-delete default-pool
pool-undefine default-pool
pool-refresh default-pool
pool-destroy default-pool
pool-destroy default-pool
pool-refresh default-pool
vol-list default-pool
pool-list --inactive --details
pool-build default-pool
pool-delete default-pool
pool-start default-pool
pool-destroy default-pool
pool-undefine default-pool
pool-list --all
`,
  "pools that are defined": `
pool-define <pool>
pool-info images
pool-dumpxml images
pool-define <poolRival>
pool-define <poolOtherUuid>
pool-define <poolBroken>
pool-define <poolLogical>
pool-dumpxml group
pool-start group
pool-list --all --details
pool-define <poolAgain>
pool-dumpxml images
pool-define-as quick dir --target /quick --print-xml
pool-start images
pool-create <poolAgain>
pool-destroy images
pool-undefine images
find-storage-pool-sources logical
find-storage-pool-sources dir
find-storage-pool-sources rbd
find-storage-pool-sources nonsense
find-storage-pool-sources-as netfs server.example.org
find-storage-pool-sources-as netfs
`,
  "pools that are created": `
pool-create <pool>
pool-info images
pool-autostart images
pool-list --transient
pool-destroy images
pool-info images
pool-create <poolFc>
pool-dumpxml fabric
nodedev-dumpxml scsi_host12
pool-destroy fabric
nodedev-dumpxml scsi_host12
pool-create <poolBroken>
`,
  volumes: `
vol-create default-pool <volume>
vol-list default-pool
vol-list default-pool --details
vol-info one --pool default-pool
vol-info one --pool default-pool --bytes
vol-dumpxml one --pool default-pool
vol-path one --pool default-pool
vol-key one --pool default-pool
vol-name /default-pool/one
vol-pool /default-pool/one
vol-info /default-pool/one
vol-info /nothing
vol-info nothing --pool default-pool
vol-create default-pool <volume>
vol-create default-pool <volumeHuge>
vol-create default-pool <volumeSparse>
vol-dumpxml sparse --pool default-pool
vol-create default-pool <volumeBroken>
vol-create nothing <volume>
vol-create-as default-pool three 5G --allocation 1M --format raw
vol-dumpxml three --pool default-pool
pool-info default-pool
vol-clone one copy --pool default-pool
vol-dumpxml copy --pool default-pool
vol-create-from default-pool <volumeSparse> one --inputpool default-pool
vol-delete one --pool default-pool
vol-delete one --pool default-pool
vol-resize three 10G --pool default-pool
vol-wipe three --pool default-pool
pool-info default-pool --bytes
pool-destroy default-pool
vol-info three --pool default-pool
vol-info /default-pool/three
pool-start default-pool
vol-list default-pool
`,
  interfaces: `
iface-list
iface-list --all
iface-list --inactive
iface-dumpxml eth1
iface-dumpxml eth1 --inactive
iface-dumpxml nothing
iface-mac eth1
iface-name aa:bb:cc:dd:ee:ff
iface-name AA:BB:CC:DD:EE:FF
iface-name 00:00:00:00:00:01
iface-start eth1
iface-destroy eth1
iface-destroy eth1
iface-list --all
iface-start eth1
iface-define <interfaceEthernet>
iface-define <interfaceEthernet> --validate
iface-name 00:16:3e:11:22:33
iface-define <interfaceSameMac>
iface-name 00:16:3e:11:22:33
iface-define <interface>
iface-list --all
iface-dumpxml br0
iface-start br0
iface-define <interfaceBroken>
iface-undefine eth7
iface-undefine eth7
iface-list --all
`,
  "changes of interfaces": `
iface-commit
iface-rollback
iface-begin
iface-begin
iface-define <interfaceEthernet>
iface-commit
iface-list --inactive
iface-begin
iface-undefine eth7
iface-list --all
iface-rollback
iface-dumpxml eth7
iface-dumpxml eth1
`,
  "node devices": `
nodedev-dumpxml computer
nodedev-dumpxml scsi_host1
nodedev-dumpxml scsi_host2
nodedev-dumpxml scsi_host11
nodedev-dumpxml nothing
nodedev-create <port>
nodedev-dumpxml scsi_host12
nodedev-destroy scsi_host12
nodedev-destroy scsi_host12
nodedev-create <portByFabric>
nodedev-destroy scsi_host12
nodedev-create <portNameless>
nodedev-create <portOfNobody>
nodedev-create <portOfComputer>
nodedev-create <networkBroken>
`,
};
