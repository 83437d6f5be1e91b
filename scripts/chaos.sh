#!/usr/bin/env bash
#
# Runs jobs and does harm to them, see test/chaos/chaos.ts. Builds the programs first when they are older than their
# source. Where it may, it runs in a mount namespace of its own, so that small disks can be mounted and none stays.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

newest_program=$root/dist/src/cli/mr.js
if [[ ! -e $newest_program || -n $(find "$root/src" "$root/apps" -newer "$newest_program" -print -quit) ]]; then
  (cd "$root" && npm run build >&2)
fi

isolation=()
for way in '--mount' '--mount --user --map-root-user'; do
  # shellcheck disable=SC2086 # several options
  if unshare $way mount -t tmpfs -o size=1m tmpfs /mnt 2>/dev/null; then
    # shellcheck disable=SC2206
    isolation=(unshare $way)
    break
  fi
done

# Not by the program tsx, which stands between a signal and its receiver.
exec "${isolation[@]}" node --import "file://$root/node_modules/tsx/dist/loader.mjs" "$root/test/chaos/chaos.ts" "$@"
