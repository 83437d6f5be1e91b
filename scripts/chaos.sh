#!/usr/bin/env bash
#
# Runs jobs and disrupts them, see test/chaos/chaos.ts. Builds the programs first when they are older than their source.
# Where permitted, it runs in its own mount namespace, so that it can mount small disks and leaves none behind.

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

# Without the program tsx, which would stand between a signal and its receiver.
exec "${isolation[@]}" node --import "file://$root/node_modules/tsx/dist/loader.mjs" "$root/test/chaos/chaos.ts" "$@"
