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
  "saved domains": `
save test FOLDER/saved
list --all
domstate test --reason
save test FOLDER/saved
save-image-dumpxml FOLDER/saved
restore FOLDER/saved
domstate test --reason
restore FOLDER/saved
restore FOLDER/nothing
restore <network>
save-image-dumpxml FOLDER/nothing
save test FOLDER/no/such/folder
dump test FOLDER/dump
dump test FOLDER/dump --memory-only --format kdump-zlib
dump test FOLDER/dump --crash
domstate test --reason
dump test FOLDER/dump
save-image-dumpxml FOLDER/dump
save-image-define FOLDER/saved <domain>
save-image-dumpxml FOLDER/saved
`,
  "managed saves": `
managedsave test
list --all --managed-save
domstate test --reason
dominfo test
undefine test
managedsave test
start test
dominfo test
managedsave test
managedsave-remove test
managedsave-remove test
start test
managedsave test
undefine test --managed-save
create <domain>
managedsave blue
`,
  "guest agents": `
domhostname test
domtime test
domtime test --time 5
domtime test
domfsfreeze test
domfsfreeze test
domfsthaw test /
domfsthaw test
domfsfreeze test /nowhere
domfstrim test
domfstrim test --mountpoint /nowhere
domfsinfo test
set-user-password test root secret
domifaddr test
domifaddr test --source agent
domcontrol test
destroy test
domhostname test
domtime test
domfsinfo test
domifaddr test
`,
  "figures about domains": `
domblkinfo test vda
domblkinfo test vdz
domblkinfo test vda --human
domblkstat test vdz
domifstat test nothing
domblkerror test
domblklist test --details
domiflist test
cpu-stats test
cpu-stats test --total
cpu-stats test --start 1 --count 1
cpu-stats test --start 5
domstats test --state
dommemstat test
nodecpustats
nodecpumap
freecell
freecell --all
freepages --all
nodememstats
nodeinfo
domlaunchsecinfo test
dommemstat test --period 5
dumpxml test --xpath //memballoon
`,
  "limits of memory": `
memtune test
memtune test --hard-limit 8000000 --live
memtune test --soft-limit 4000000 --swap-hard-limit 9000000 --config
memtune test --swap-hard-limit 9000000 --live
memtune test --hard-limit 8000000 --live
memtune test --config
memtune test
memtune test --hard-limit -1
dumpxml test --xpath //memtune
numatune test
numatune test --mode interleave
numatune test --nodeset 0-1
numatune test --mode preferred --nodeset 1
numatune test --mode preferred --nodeset 1 --config
numatune test
dumpxml test --inactive --xpath //numatune
`,
  "limits of disks and cards": `
blkiotune test
blkiotune test --weight 200
blkiotune test --device-weights /dev/sda,300,/dev/sdb,0 --device-read-iops-sec /dev/sda,7
blkiotune test --device-read-bytes-sec /dev/sdc
blkiotune test --device-read-bytes-sec /dev/sdc,many
blkiotune test --device-weights /dev/sda,0
blkiotune test
dumpxml test --xpath //blkiotune
blkdeviotune test vda
blkdeviotune test vda --total-bytes-sec 5 --read-bytes-sec 6
blkdeviotune test vda --total-bytes-sec 5
blkdeviotune test vda --total-bytes-sec 5 --total-bytes-sec-max 50
blkdeviotune test vda --group-name fast --config
blkdeviotune test vdz --total-bytes-sec 5
blkdeviotune test vda
dumpxml test --xpath //iotune
domiftune test testnet0
domiftune test testnet0 --inbound 100,200,300 --outbound 400
domiftune test aa:bb:cc:dd:ee:ff
domiftune test testnet0 --inbound 0
dumpxml test --xpath //bandwidth
schedinfo test
schedinfo test --weight 60
schedinfo test --config
perf test
perf test --enable cmt,mbml
perf test --disable mbml
perf test --enable nonsense
dumpxml test --xpath //perf
`,
  "pinned processors": `
vcpupin test
vcpupin test 0 0-3
vcpupin test 0
vcpupin test 9 0
vcpuinfo test --pretty
emulatorpin test
emulatorpin test 1,3
emulatorpin test
emulatorpin test 2 --config
dumpxml test --xpath //cputune
iothreadinfo test
iothreadadd test 1
iothreadadd test 1
iothreadadd test 7
iothreadinfo test
iothreadpin test 7 0,2
iothreadpin test 3 0
iothreadset test 7 --poll-grow 4
iothreadset test 9 --poll-grow 4
domstats test --iothread
iothreaddel test 1
iothreaddel test 1
iothreadinfo test
dumpxml test --xpath //iothreadids
destroy test
vcpupin test 0 1
vcpupin test
`,
  "small things": `
inject-nmi test
send-process-signal test 1 term
send-process-signal test 2 term
set-lifecycle-action test reboot destroy
set-lifecycle-action test poweroff coredump-destroy
set-lifecycle-action test crash coredump-destroy --config
dumpxml test --xpath //on_reboot
dumpxml test --inactive --xpath //on_crash
domrename test other
destroy test
inject-nmi test
domrename test test
domrename test a/b
domrename test other
list --all
domrename other test
define <domain>
domrename test blue
`,
  metadata: `
desc test
desc test --title
desc test some words
desc test --title a title
desc test
desc test --title
desc test --config
metadata test http://example.org/ns
metadata test http://example.org/ns --key my --set "<app><part size='1'>text</part><part/></app>"
metadata test http://example.org/ns
dumpxml test --xpath //metadata
metadata test http://example.org/ns --key my --set "<other/>"
metadata test http://example.org/ns
metadata test http://example.org/ns --key 1 --set "<other/>"
metadata test http://example.org/ns --key my --set "<other>"
metadata test http://example.org/ns --config
metadata test http://example.org/ns --remove
metadata test http://example.org/ns
`,
  snapshots: `
snapshot-list test
snapshot-current test
snapshot-create-as test one --description "the first"
snapshot-create-as test one
snapshot-create-as test two
snapshot-current test --name
snapshot-list test --tree
snapshot-parent test two
snapshot-parent test one
snapshot-info test two
snapshot-revert test one
domstate test --reason
snapshot-create-as test three --halt
domstate test --reason
snapshot-create-as test four
snapshot-list test --tree
snapshot-list test --name --roots
snapshot-list test --name --leaves
snapshot-list test --name --no-leaves
snapshot-list test --name --active
snapshot-list test --name --inactive
snapshot-list test --name --from one
snapshot-list test --name --from one --descendants
snapshot-list test --name --external
snapshot-list test --name --no-metadata
snapshot-create-as test five --disk-only
snapshot-create-as test six --diskspec vda,snapshot=manual
snapshot-create-as test seven --diskspec vdz
snapshot-create-as test eight --memspec /memory
snapshot-revert test two --paused
domstate test --reason
snapshot-delete test one
snapshot-list test --tree
snapshot-delete test three --children-only
snapshot-list test --tree
undefine test
destroy test
undefine test
snapshot-delete test nothing
undefine test --snapshots-metadata
`,
  checkpoints: `
checkpoint-list test
checkpoint-create-as test one
checkpoint-create-as test two --diskspec vda,checkpoint=bitmap,bitmap=marks
checkpoint-create-as test two
checkpoint-create-as test three --diskspec vdz
checkpoint-list test --tree
checkpoint-parent test two
checkpoint-parent test one
checkpoint-info test one
checkpoint-list test --name --leaves
checkpoint-list test --name --roots
checkpoint-list test --name --from one
snapshot-create-as test no
checkpoint-delete test one
checkpoint-list test --name
checkpoint-delete test nothing
checkpoint-delete test two
snapshot-create-as test yes
checkpoint-create-as test no
snapshot-delete test yes
destroy test
checkpoint-create-as test no
`,
};
