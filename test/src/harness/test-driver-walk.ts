/** The commands of virsh that test-driver-scripts.ts lacks, in its form; together they are all that `virsh help` lists. */
export const WALK: Readonly<Record<string, string>> = {
  "a domain's life": `
domid test
domname 6695eb01-f6a4-8304-79aa-97f2502e193f
domname 1
domuuid test
suspend test
suspend test
domstate test --reason
resume test
resume test
reboot test
reboot test --mode acpi
reset test
shutdown test --mode agent
shutdown test
domstate test --reason
domid test
shutdown test
start test
autostart test
dominfo test
autostart test --disable
autostart nobody
ttyconsole test
vncdisplay test
domdisplay test --all
domdisplay test --type vnc
screenshot nobody
send-key test KEY_LEFTCTRL KEY_A
send-key test --codeset xt --holdtime 10 30 31
send-key test KEY_NOTHING
destroy test
start test --paused
`,
  "lists and definitions of domains": `
list --title
list --uuid
list --id
list --name --all
list --inactive
list --state-running --state-paused
list --state-shutoff
list --persistent --autostart
list --transient
list --with-snapshot
list --without-snapshot --without-checkpoint
list --managed-save
list --no-autostart --table --all
domstats
domstats --raw
domstats --list-active --state --balloon --block --perf --iothread
define <domain>
define <domain> --validate
define <network>
create <domain>
list --all --uuid --name
domstats blue --state
domstats nobody
dominfo blue
domstate blue
dumpxml blue
dumpxml blue --inactive --security-info
dumpxml blue --migratable
dumpxml blue --update-cpu
dumpxml nobody
undefine blue --storage vda
undefine blue --remove-all-storage
undefine blue --nvram
undefine blue --keep-nvram
undefine blue --checkpoints-metadata
undefine blue --snapshots-metadata --managed-save
undefine blue
create <domain> --autodestroy
create <domain> --validate
destroy blue --graceful
destroy blue
domstate blue
domname 33333333-0000-0000-0000-000000000001
domifstat test testnet0
domblkstat test vda --human
domiflist test --inactive
domblklist test --inactive
create <domain> --paused
`,
  "memory and processors of a domain": `
setmem test 1G
setmem test 1G --live --config
setmem test 100G
setmem nobody 1G
setmaxmem test 4G --config
setmaxmem test 4G
dominfo test
vcpucount test
vcpucount test --maximum --live
vcpucount test --guest
setvcpus test 1
setvcpus test 4 --config --maximum
setvcpus test 9 --config
setvcpus test 0
setvcpus test 1 --guest
setvcpus test 2 --hotpluggable
setvcpu test 1 --enable
setvcpu test 9 --disable
guestvcpus test
guestvcpus test 0-1 --disable
vcpuinfo test
`,
  "devices of a domain": `
attach-device test <disk>
attach-device test <disk> --config
attach-device nobody <disk>
attach-disk test /images/two vdb
attach-disk test /images/two vdb --print-xml
attach-interface test network default
attach-interface test network default --print-xml
detach-device test <disk>
detach-device-alias test disk0
detach-disk test vda
detach-disk test vdz
detach-disk test vda --print-xml
detach-interface test network
detach-interface test network --mac 00:00:00:00:00:01
update-device test <disk>
update-memory-device test --requested-size 1G
change-media test vda --eject
domif-setlink test testnet0 down
domif-setlink test testnet0 up --config
domif-setlink test nothing down
domif-getlink test testnet0
domif-getlink test aa:bb:cc:dd:ee:ff --config
domif-getlink test nothing
domblkthreshold test vda 100
`,
  "disks of a domain": `
blockcommit test vda
blockcommit test vda --active --pivot
blockcopy test vda /images/copy
blockcopy test vda --xml <disk>
blockjob test vda
blockjob test vda --abort
blockjob test vda --info
blockpull test vda
blockresize test vda 1G
backup-begin test
backup-begin test <backup>
backup-dumpxml test
`,
  "jobs and migration": `
domjobinfo test
domjobinfo test --completed
domjobabort test
domjobabort nobody
migrate test test:///default
migrate test qemu+ssh://nowhere/system --p2p
migrate-setmaxdowntime test 100
migrate-getmaxdowntime test
migrate-compcache test
migrate-compcache test --size 1M
migrate-setspeed test 100
migrate-getspeed test
migrate-postcopy test
dompmsuspend test mem
dompmwakeup test
domdirtyrate-calc test
domlaunchsecinfo test
domsetlaunchsecstate test --secrethdr <disk> --secret <disk>
`,
  "what only some hypervisors have": `
get-user-sshkeys test root
set-user-sshkeys test root
set-user-sshkeys test root --file <disk>
guestinfo test
guestinfo test --user --os
guest-agent-timeout test --timeout 5
qemu-attach 1
qemu-monitor-command test info
qemu-monitor-event --timeout 1
qemu-agent-command test info
lxc-enter-namespace test /bin/true
domxml-from-native qemu-argv <disk>
domxml-to-native qemu-argv test
domxml-to-native qemu-argv --xml <domain>
`,
  "documents in an editor": `
edit test
dumpxml test --inactive --xpath //on_reboot
edit test
edit nobody
managedsave-edit test
managedsave test
managedsave-edit test
managedsave-dumpxml test
managedsave-define test <domain>
start test
save test FOLDER/edited
save-image-edit FOLDER/edited
save-image-dumpxml FOLDER/edited
restore FOLDER/edited
snapshot-create-as test one
snapshot-edit test one
snapshot-edit test --current
snapshot-edit test nothing
net-edit default
net-dumpxml default --inactive
net-edit nothing
pool-edit default-pool
pool-edit nothing
iface-edit eth1
iface-dumpxml eth1 --inactive
iface-edit nothing
nwfilter-edit nothing
`,
  "snapshots and checkpoints from documents": `
snapshot-create test
snapshot-create test <snapshot>
snapshot-create test <snapshot>
snapshot-create test <snapshot> --disk-only
snapshot-create test <snapshot> --redefine
snapshot-create test <disk>
snapshot-dumpxml test one
snapshot-dumpxml test one --security-info
snapshot-dumpxml test nothing
snapshot-delete test --current
snapshot-delete test one
snapshot-list test
checkpoint-create test <checkpoint>
checkpoint-create test <checkpoint>
checkpoint-create test <disk>
checkpoint-dumpxml test one
checkpoint-dumpxml test one --no-domain
checkpoint-dumpxml test nothing
checkpoint-edit test one
checkpoint-edit test nothing
`,
  "the host": `
capabilities
version
version --daemon
hostname
uri
sysinfo
maxvcpus
maxvcpus test
maxvcpus --type nothing
cpu-models x86_64
cpu-models nothing
cpu-compare <cpu>
cpu-compare <disk>
cpu-baseline <cpus>
cpu-baseline <cpus> --features
cpu-baseline <disk>
hypervisor-cpu-compare <cpu>
hypervisor-cpu-baseline <cpus>
domcapabilities
domcapabilities --virttype test
allocpages --pagesize 2048 --pagecount 1
node-memory-tune
node-memory-tune --shm-pages-to-scan 10
nodesevinfo
nodesuspend mem 60
`,
  "waiting for events": `
event --list
event
event --event nothing
event --event lifecycle --timeout 1
net-event --list
net-event --event nothing
pool-event --list
pool-event --event nothing
nodedev-event --list
nodedev-event --event nothing
secret-event --list
secret-event --event nothing
`,
  "leases, ports and bridges": `
net-dhcp-leases default
net-dhcp-leases nothing
net-port-list nothing
net-port-create nothing <port>
net-port-dumpxml default 77777777-0000-4000-8000-000000000001
net-port-delete default 77777777-0000-4000-8000-000000000001
iface-bridge eth1 br7
iface-bridge nothing br7
iface-unbridge eth1
iface-unbridge nothing
`,
  "devices of the host": `
nodedev-list
nodedev-list --tree
nodedev-list --cap scsi_host,vports
nodedev-list --cap nothing
nodedev-detach computer
nodedev-detach nothing
nodedev-reattach computer
nodedev-reset computer
nodedev-define <port>
nodedev-undefine computer
nodedev-start computer
nodedev-autostart computer
nodedev-info computer
nodedev-info nothing
`,
  "filters and secrets": `
nwfilter-list
nwfilter-define <filter>
nwfilter-dumpxml nothing
nwfilter-undefine nothing
nwfilter-binding-list
nwfilter-binding-create <binding>
nwfilter-binding-dumpxml nothing
nwfilter-binding-delete nothing
secret-list
secret-define <secret>
secret-dumpxml 88888888-0000-4000-8000-000000000001
secret-set-value 88888888-0000-4000-8000-000000000001 --base64 c2VjcmV0
secret-get-value 88888888-0000-4000-8000-000000000001
secret-undefine 88888888-0000-4000-8000-000000000001
`,
  "pools and volumes by hand": `
pool-create-as quick dir --target /quick
pool-create-as odd nothing
pool-capabilities
vol-create default-pool <volume>
vol-download one FOLDER/bytes --pool default-pool
vol-upload one <disk> --pool default-pool
vol-download nothing FOLDER/bytes --pool default-pool
vol-resize one 3G --pool default-pool
vol-resize one 3G --pool default-pool --delta --allocate
vol-wipe one --pool default-pool --algorithm dod
vol-wipe one --pool default-pool --algorithm nothing
`,
  "virsh itself": `
echo hello
echo --shell "two words" 'a quote'
echo --xml "<>&"
cd FOLDER
pwd
cd /nowhere
help domid
help host
help nothing
connect test:///default
connect nothing:///default
list
exit
`,
  quitting: `
list
quit
`,
};
