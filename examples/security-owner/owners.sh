#!/bin/sh
# Who owns files while guests use them, and who did before.
#
#   FOLDER/KEY/before    the owner before the first guest, as UID:GID
#   FOLDER/KEY/now       the owner meanwhile
#   FOLDER/KEY/UUID      a guest that uses the file
#
#   owners.sh set FOLDER UUID [KEY MODE PATH UID:GID]...    all of them or none; MODE is r where the guest only reads
#   owners.sh restore FOLDER UUID [KEY MODE PATH UID:GID]...
#
# Whoever looks at these holds FOLDER/mutex. What is refused is told in one line, `polyvisor: CODE: words`.
act=$1 folder=$2 guest=$3
shift 3

refuse() {
  echo "polyvisor: $1: $2" >&2
  exit 1
}

each() {
  action=$1
  shift
  while [ $# -gt 0 ]; do
    "$action" "$folder/$1" "$2" "$3" "$4" || return 1
    shift 4
  done
}

# What everybody may read, such as a kernel, stays as it is for a guest that does no more.
is_fine() {
  [ "$1" = r ] && [ "$(($(stat -L -c 0%a -- "$2") & 4))" -ne 0 ]
}

set_one() {
  owner=$4
  why=$(stat -L -c %u:%g -- "$3" 2>&1) || { why="cannot stat '$3': ${why##*: }" && return 1; }
  is_fine "$2" "$3" && return 0
  if [ -e "$1/now" ] && [ "$(cat "$1/now")" != "$owner" ]; then
    for user in "$1"/????????-*; do
      [ "$user" != "$1/$guest" ] && [ -e "$user" ] &&
        why="Setting different owner on $3 which is already in use" && return 1
    done
  fi
  mkdir -p "$1"
  [ -e "$1/before" ] || echo "$why" >"$1/before"
  : >"$1/$guest"
  echo "$owner" >"$1/now"
  why=$(chown -- "$owner" "$3" 2>&1) || { why="unable to set owner of '$3': ${why##*: }" && return 1; }
}

# Leaves a file alone that the guest has not got, or that another one still uses. Where somebody was killed before the file had
# its first guest, what there is of that goes.
restore_one() {
  had=
  [ ! -e "$1/$guest" ] || had=yes
  rm -f "$1/$guest"
  for user in "$1"/????????-*; do
    [ -e "$user" ] && return 0
  done
  [ -z "$had" ] || [ ! -e "$3" ] || chown -- "$(cat "$1/before")" "$3" || failed="$3"
  rm -rf "$1"
}

case $act in
  set | restore) exec flock -w 20 "$folder/mutex" /bin/sh "$0" "$act-alone" "$folder" "$guest" "$@" ;;
  set-alone)
    each set_one "$@" && exit
    said=$why
    each restore_one "$@"
    refuse OPERATION_FAILED "$said"
    ;;
  restore-alone)
    each restore_one "$@"
    [ -z "$failed" ] || refuse OPERATION_FAILED "unable to restore the owner of '$failed'"
    ;;
esac
