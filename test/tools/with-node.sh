#!/bin/sh
# Runs a command with the Node.js that the program itself uses first on PATH, and with the tools of development
# installed: `npm test` may have been started with whatever Node.js the distribution has.
# usage: with-node.sh COMMAND [ARGUMENT]...
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)

# The launcher takes node_modules for current by the lock alone, and a user's has no tools of development.
if [ ! -e "$here/node_modules/vitest" ]; then
  rm -f "$here/node_modules/.made-from-lock"
fi
node=$(OIC_NPM_OMIT='' "$here/os-image-composer" --print-node)

PATH=$(dirname -- "$node"):$PATH
export PATH
exec "$@"
