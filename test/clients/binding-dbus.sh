#!/bin/sh
# libvirt-dbus against the daemon at libvirt's own paths: binding-dbus.sh FOLDER XML. Prints the answers of its calls, and then
# the signals that came.
set -e
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$1/bus"
dbus-daemon --session --nofork --nopidfile --address="$DBUS_SYSTEM_BUS_ADDRESS" &
bus=$!
trap 'kill $monitor $service $bus 2>/dev/null' EXIT
until [ -S "$1/bus" ]; do sleep 0.05; done
libvirt-dbus --system &
service=$!
gdbus wait --address "$DBUS_SYSTEM_BUS_ADDRESS" --timeout 20 org.libvirt
gdbus monitor --address "$DBUS_SYSTEM_BUS_ADDRESS" --dest org.libvirt > "$1/signals" &
monitor=$!
ask() {
  path=$1
  shift
  gdbus call --address "$DBUS_SYSTEM_BUS_ADDRESS" --dest org.libvirt --object-path "$path" --method "$@"
}
connect=/org/libvirt/QEMU
echo "domains $(ask $connect org.libvirt.Connect.ListDomains 0)"
domain=$(ask $connect org.libvirt.Connect.DomainDefineXML "$2" | sed "s/.*'\(.*\)'.*/\1/")
ask "$domain" org.libvirt.Domain.Create 0
echo "active $(ask "$domain" org.freedesktop.DBus.Properties.Get org.libvirt.Domain Active)"
ask "$domain" org.libvirt.Domain.Destroy 0
ask "$domain" org.libvirt.Domain.Undefine 0
echo "nobody $(ask $connect org.libvirt.Connect.DomainLookupByName nobody 2>&1)"
for turn in $(seq 100); do
  grep -q "DomainEvent.*, 1, " "$1/signals" && break
  sleep 0.1
done
cat "$1/signals"
