#!/usr/bin/env bash
# What the README promises, on a machine that has nothing but Debian 12's base: trees made by
# debootstrap, entered with chroot. One builds and tests the source as it was last committed, the
# other installs the package and removes it again. Needs root, and takes some minutes.
#
# How the registries are reached is copied from this machine when it runs: apt's sources and
# settings, the resolver, pip's and Go's settings, proxies, the certificates that are trusted.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/layers/check.sh

suite=bookworm
cache=build/fresh
base=$cache/base.tar
mkdir -p "$cache"
work=$(mktemp -d "$PWD/$cache/tree.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT

say() { printf '== %s\n' "$*" >&2; }

# How this machine reaches the registries ------------------------------------------------------

apt_sources() { grep -lsE "^(Suites:|deb ).*\b$suite\b" /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; }

mirror() {
  local files
  mapfile -t files < <(apt_sources)
  sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?([^ ]+) .*/\2/p' "${files[@]}" | head -1
}

lend_access() { # TREE
  rm -f "$1"/etc/apt/sources.list
  for file in $(apt_sources); do install -D -m 644 "$file" "$1$file"; done
  for directory in keyrings trusted.gpg.d; do cp -r "/etc/apt/$directory" "$1/etc/apt/" 2>/dev/null || true; done
  apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries|ForceIPv)' >"$1/etc/apt/apt.conf.d/99access" || true
  cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
  cp /etc/pip.conf "$1/etc/" 2>/dev/null || true
  install -D -m 644 "${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}" "$1/etc/ssl/lent.pem"
}

# Mounts and processes are the namespace's own: they end with it, however it ends.
ENTER='
  mount -t proc proc "$1/proc"
  mount -t devtmpfs dev "$1/dev" 2>/dev/null || mount --rbind /dev "$1/dev"
  mountpoint -q "$1/dev/pts" || mount -t devpts -o newinstance,ptmxmode=666 devpts "$1/dev/pts"
  exec chroot "$1" /bin/bash -euo pipefail -c "cd; $2"'

inside() { # TREE COMMAND
  local access=(PIP_CERT=/etc/ssl/lent.pem SSL_CERT_FILE=/etc/ssl/lent.pem) name
  local lent='^PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|DEFAULT_TIMEOUT|RETRIES)$|^GO(PROXY|SUMDB)$|^(https?|no|all)_proxy$'
  for name in $(compgen -e | grep -iE "$lent"); do
    access+=("$name=${!name}")
  done
  unshare --mount --pid --fork --kill-child env -i "${access[@]}" HOME=/root TERM=dumb \
    DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    bash -euo pipefail -c "$ENTER" - "$1" "$2"
}

new_tree() { # NAME -> its path
  mkdir "$work/$1"
  tar -xf "$base" -C "$work/$1"
  lend_access "$work/$1"
  echo "$work/$1"
}

make_base() {
  [ -n "$(find "$base" -mtime -7 2>/dev/null)" ] && return
  say "making the base of $suite"
  debootstrap --variant=minbase "$suite" "$work/base" "$(mirror)" >"$cache/debootstrap.log"
  tar -cf "$base.new" --one-file-system -C "$work/base" .
  mv "$base.new" "$base"
  rm -rf --one-file-system "$work/base"
}

# From source ----------------------------------------------------------------------------------

source_tree() {
  local tree
  tree=$(new_tree source)
  git archive --prefix=root/trapheus/ HEAD | tar -x -C "$tree"
  echo "$tree"
}

dev() { inside "$source" "cd trapheus; ./dev $1 >/root/$1.log 2>&1 || { tail -n 60 /root/$1.log; exit 1; }"; }

demonstrates() { grep -q '^mydb is restored' "$source/root/demo.log" && grep -q 'of RDS time' "$source/root/demo.log"; }

# The package ----------------------------------------------------------------------------------

listing() { # TREE: everything but what package management keeps of its own
  (cd "$1" && find . -xdev \( -path './var/cache/*' -o -path './var/lib/apt/*' -o -path './var/lib/dpkg/*' \
    -o -path './var/log/*' -o -path ./etc/ld.so.cache -o -path './tmp/*' \) -prune -o -print | sort)
}

installs() {
  cp "$source"/root/trapheus/build/trapheus_*.deb "$package/tmp/"
  listing "$package" >"$work/before"
  inside "$package" 'apt-get update -qq; apt-get install -y -qq --no-install-recommends /tmp/trapheus_*.deb 2>&1'
}

restores() { inside "$package" 'cd /; trapheus restore --id mydb --task create_snapshot --sandbox 2>/dev/null | grep "^mydb is restored"'; }

has_version() { inside "$package" 'trapheus --version' | grep -xE 'trapheus [0-9.]+'; }

# The interpreter is suggested, not needed: it comes and goes on its own.
serves_stock_lua() {
  inside "$package" 'apt-get install -y -qq --no-install-recommends lua5.4 >/dev/null 2>&1
    lua5.4 -e "local t = require [[trapheus]]; print(t.version, t.client([[rds]], { region = [[eu-west-1]],
      credentials = { access_key_id = [[a]], secret_access_key = [[b]] } }))"
    apt-get purge -y -qq --autoremove lua5.4 >/dev/null 2>&1'
}

has_manual() { zcat "$package/usr/share/man/man1/trapheus.1.gz" | grep -x '.Dt TRAPHEUS 1'; }

is_listed() { inside "$package" "dpkg -L trapheus" | grep -x "$1"; }

leaves_nothing() {
  inside "$package" 'apt-get purge -y -qq --autoremove trapheus >/dev/null 2>&1; ! command -v trapheus'
  diff "$work/before" <(listing "$package")
}

make_base
source=$(source_tree)
say "./dev demo"
check "./dev demo" dev demo
check "it demonstrates a restore" demonstrates
say "./dev deb"
check "./dev deb" dev deb
package=$(new_tree package)
say "the package"
check "the package installs" installs
check "the program has its version" has_version
check "the program restores on the sandbox" restores
check "a stock lua5.4 finds the module" serves_stock_lua
check "the manual is there" has_manual
check "bash can complete" is_listed /usr/share/bash-completion/completions/trapheus
check "zsh can complete" is_listed /usr/share/zsh/vendor-completions/_trapheus
check "nothing is left behind" leaves_nothing
say "./dev test"
check "./dev test" dev test
cp "$source"/root/*.log "$cache/"
grep -E '^== |passed|failed' "$cache/test.log" >&2 || true
conclude
