/** Rules that every guest of QEMU has, by what they are for. */
export const GUEST_ABILITIES: readonly { readonly what: string; readonly rules: readonly string[] }[] = [
  {
    what: "any program of this system",
    rules: ["include <abstractions/base>", "include <abstractions/consoles>", "include <abstractions/nameservice>"],
  },
  {
    what: "an emulator that starts as root: it reads others' images, then becomes another user",
    rules: [
      "capability chown,",
      "capability dac_override,",
      "capability dac_read_search,",
      "capability ipc_lock,",
      "capability setgid,",
      "capability setuid,",
      "deny capability kill,",
    ],
  },
  {
    what: "screens, serial ports and migrations over the network",
    rules: ["network inet stream,", "network inet6 stream,"],
  },
  {
    what: "the processor, networks, pseudo-terminals",
    rules: ["/dev/kvm rw,", "/dev/net/tun rw,", "/dev/vhost-net rw,", "/dev/ptmx rw,"],
  },
  {
    what: "what the emulator asks of the system about itself and its host",
    rules: [
      "@{PROC}/*/status r,",
      "@{PROC}/@{pid}/cmdline r,",
      "owner @{PROC}/*/auxv r,",
      "owner @{PROC}/@{pid}/task/@{tid}/comm rw,",
      "@{PROC}/sys/kernel/cap_last_cap r,",
      "@{PROC}/sys/vm/overcommit_memory r,",
      "@{PROC}/device-tree/{,**} r,",
      "/sys/firmware/devicetree/** r,",
      "/sys/devices/system/{cpu,node}/ r,",
      "/sys/devices/system/node/node[0-9]*/meminfo r,",
      "/sys/devices/**/block/*/queue/max_segments r,",
      "/sys/module/vhost/parameters/max_mem_regions r,",
      "/sys/bus/nd/devices/{,**/} r,",
      "/ r,",
    ],
  },
  {
    what: "finding USB devices; their nodes are opened one by one",
    rules: [
      "/dev/bus/usb/ r,",
      "/sys/{bus,class}/ r,",
      "/sys/bus/usb/devices/{,*} r,",
      "/sys/devices/**/usb[0-9]*/** r,",
      "/run/udev/data/{+usb*,c16[67]*,c18[089]*} r,",
      "/etc/udev/udev.conf r,",
    ],
  },
  {
    what: "sound",
    rules: [
      "/dev/snd/{,*} rw,",
      "/{dev,run}/shm/ r,",
      "owner /{dev,run}/shm/{pulse-shm,spice.}* rwk,",
      "/usr/share/alsa/** r,",
      "/etc/pulse/client.conf r,",
      "/var/lib/dbus/machine-id r,",
    ],
  },
  {
    what: "firmware, and keys and certificates of screens and connections",
    rules: [
      "/usr/share/{AAVMF,OVMF,edk2,edk2-ovmf,ovmf,qemu-efi,qemu-efi-aarch64}/** rk,",
      "/usr/share/{bochs,kvm,openbios,openhackware,proll,qemu,qemu-kvm,seabios,sgabios,slof,vgabios}/** r,",
      "/usr/share/misc/sgabios.bin r,",
      "/etc/pki/{CA,qemu,libvirt-chardev,libvirt-spice,libvirt-vnc}/{,**} r,",
      "/etc/{ceph/*.conf,gss/mech.d/{,*},libnl{,-3}/classid} r,",
    ],
  },
  {
    what: "the emulator, its modules, and those of one that was upgraded meanwhile",
    rules: [
      "/usr/bin/{kvm,kvm-spice,qemu,qemu-kvm,qemu-system-*} rmix,",
      "/usr/libexec/{qemu-kvm,qemu-system-*} rmix,",
      "/usr/lib{,64}/{,@{multiarch}/}qemu/*.so mr,",
      "/{var/,}run/qemu/*/*.so mr,",
      "audit deny /{var/,}run/qemu/*/*.so w,",
    ],
  },
  {
    what: "what libraries try and can do without",
    rules: ["/{,var/}tmp/ r,", "deny /{dev,run}/shm/lttng-ust-wait-* r,"],
  },
];
