#!/bin/sh
# private-paths.sh COMMAND [ARG]...: runs a command that sees empty folders where libvirt keeps its own, and no network.
# For `unshare --mount --net`: nothing of it is seen outside.
set -e
for folder in /run /var/lib /var/log /var/cache /etc/libvirt; do
  mount -t tmpfs tmpfs "$folder"
done
mkdir -p /run/lock
# The package that makes libvirt's users and starts its daemon is not installed.
for users in passwd group; do
  { cat /etc/$users; echo 'libvirt-qemu:x:64055:64055::/:/bin/false'; } > /run/$users
  mount --bind /run/$users /etc/$users
done
printf 'user = "root"\ngroup = "root"\nsecurity_driver = "none"\nstdio_handler = "file"\n' > /etc/libvirt/qemu.conf
exec "$@"
