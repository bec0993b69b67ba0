#!/bin/sh
# Leases of guests: hard links to a file that the guest's process keeps locked (flock(2)) as long as it lives.
#
#   FOLDER/guests/UUID      the guest's file, made anew for each run
#   FOLDER/KEY/UUID.MODE    the same file: this guest has the resource KEY, exclusively (x) or beside others (s)
#
#   lease.sh run FOLDER UUID [MODE KEY NAME]... -- COMMAND...     takes the leases, then becomes COMMAND
#   lease.sh acquire|release FOLDER UUID [MODE KEY NAME]... --    for a guest that runs
#
# Whoever looks at the links holds FOLDER/mutex. A link whose file nobody has locked is no lease: its guest has ended.
# What is refused is told in one line, `polyvisor: CODE: words`.
act=$1 folder=$2 guest=$3
shift 3
file=$folder/guests/$guest

refuse() {
  echo "polyvisor: $1: $2" >&2
  exit 1
}

# Runs another pass of this script while nobody else looks at the links.
alone() {
  flock -w 20 -E 99 "$folder/mutex" /bin/sh "$0" "$@"
  status=$?
  [ $status -ne 99 ] || refuse OPERATION_TIMEOUT "the leases in $folder are being changed by somebody else"
  return $status
}

each() {
  action=$1
  shift
  while [ "$1" != -- ]; do
    "$action" "$1" "$2" "$3"
    shift 3
  done
}

# Refuses where another guest that lives has the resource.
check() {
  for link in "$folder/$2"/*; do
    if [ ! -e "$link" ] || [ "$link" -ef "$mine" ]; then continue; fi
    if flock -n "$link" true; then
      rm -f "$link"
      continue
    fi
    case $1$link in
      s*.s) ;;
      *) refuse RESOURCE_BUSY "Lockspace resource '$3' is locked" ;;
    esac
  done
}

link() {
  mkdir -p "$folder/$2" && rm -f "$folder/$2/$guest".? && ln "$mine" "$folder/$2/$guest.$1" ||
    refuse SYSTEM_ERROR "cannot take the lease of '$3'"
}

drop() {
  rm -f "$folder/$2/$guest".?
}

case $act in
  run)
    new=$file.$$
    exec 3>"$new" && flock -n 3 || refuse SYSTEM_ERROR "cannot lock $new"
    # The links are made by a process that ends again; the lock is that of this one, by descriptor 3.
    alone start "$folder" "$guest" "$new" "$@" || { rm -f "$new"; exit 1; }
    while [ "$1" != -- ]; do shift 3; done
    shift
    exec "$@"
    ;;
  start)
    mine=$1
    shift
    each check "$@"
    each link "$@"
    mv -f "$mine" "$file"
    ;;
  acquire) alone grab "$folder" "$guest" "$@" ;;
  grab)
    mine=$file
    if [ ! -e "$file" ] || flock -n "$file" true; then refuse OPERATION_INVALID "the guest is not known here, or has ended"; fi
    each check "$@"
    each link "$@"
    ;;
  release) alone ungrab "$folder" "$guest" "$@" ;;
  ungrab) each drop "$@" ;;
esac
