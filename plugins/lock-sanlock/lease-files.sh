#!/bin/sh
# Files of leases, touched beside the daemon that asks for them: their storage may hang. What fails is told on standard error.
#
#   lease-files.sh make OWNER MODE FILE...    empty files of the size of a lease, of that owner ("-": as they are made)
#   lease-files.sh name TEMPORARY FILE...     gives each temporary file its name, unless another has it by now
#   lease-files.sh own OWNER MODE FILE        the owner and the rights that the file must have; MODE "-" leaves those alone
#   lease-files.sh drop FILE...               removes files
action=$1
shift

case $action in
make)
  owner=$1 mode=$2
  shift 2
  umask 077
  for file; do
    dd if=/dev/zero of="$file" bs=1048576 count=1 conv=excl,fsync status=none || exit 1
    [ "$owner" = - ] || chown -- "$owner" "$file" || exit 1
    chmod -- "$mode" "$file" || exit 1
  done
  ;;
name)
  while [ $# -gt 0 ]; do
    words=$(ln -- "$1" "$2" 2>&1) || [ -e "$2" ] || {
      echo "$words" >&2
      exit 1
    }
    rm -f -- "$1"
    shift 2
  done
  ;;
own)
  [ "$1" = - ] || chown -- "$1" "$3" || exit 1
  [ "$2" = - ] || chmod -- "$2" "$3" || exit 1
  ;;
drop)
  rm -f -- "$@"
  ;;
esac
