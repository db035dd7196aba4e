# Sourced by the scripts behind `make`: finds or installs what they need. Installs Debian packages only, and says so.
# Nothing is pinned (Debian's compiler for WebAssembly follows security updates): ranges are checked instead.

# Everything but components that are hostile on purpose; they have no tests of their own. Each selection of packages builds
# the libraries anew, with other features: whoever builds in the dev profile names this one.
selection=(--locked --workspace --exclude rosterd-test-greedy --exclude rosterd-test-hostile --exclude rosterd-test-probe)

say() { printf '== %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif sudo -n true 2>/dev/null; then sudo -n "$@"
    else fail "root is needed for: $* (run it yourself, then start again)"
    fi
}

# install_packages NAME...: by apt-get, quietly; the package lists are fetched only if a name is not known yet.
install_packages() {
    command -v apt-get >/dev/null || fail "please install $* with your system's package manager, then start again"
    say "installing $*"
    local name
    for name in "$@"; do
        if ! apt-cache show "$name" >/dev/null 2>&1; then as_root apt-get update -qq >/dev/null; break; fi
    done
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null \
        || fail "apt-get could not install: $*"
}

# version_at_least HAVE WANT
version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# The WebAssembly target of the current toolchain, as rustup installs it.
has_wasm_target() {
    command -v rustc >/dev/null && [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ]
}

newest_linker() { ls /usr/bin/wasm-ld /usr/bin/wasm-ld-[0-9]* 2>/dev/null | sort -V | tail -n 1; }

# Debian's compiler with the source of its standard library, of one version, and a linker.
has_debian_route() {
    local compiler source
    compiler=$(dpkg-query -W -f '${source:Upstream-Version}' rustc-web 2>/dev/null) || return 1
    source=$(dpkg-query -W -f '${source:Upstream-Version}' rust-web-src 2>/dev/null) || return 1
    dpkg-query -W cargo-web >/dev/null 2>&1 || return 1
    [ -n "$(newest_linker)" ] && [ -n "$compiler" ] && [ "$compiler" = "$source" ]
}

# A way to build components: the one that is there, else Debian's packages.
need_wasm_toolchain() {
    if has_wasm_target || has_debian_route; then return; fi
    if ! command -v apt-get >/dev/null; then
        fail "no way to build for WebAssembly; run: rustup target add wasm32-unknown-unknown"
    fi
    install_packages rustc-web cargo-web rust-web-src lld-22
    local version
    version=$(dpkg-query -W -f '${source:Upstream-Version}' rustc-web)
    { version_at_least "$version" 1.95 && ! version_at_least "$version" 2; } \
        || fail "Debian's rustc-web is $version, but 1.95 or later (below 2) is needed; run: rustup target add wasm32-unknown-unknown"
    has_debian_route || fail "rustc-web ($version) and rust-web-src differ in version; update both with apt-get and start again"
}

# The compiler of the host: rustup's, or Debian's from the packages above.
need_cargo() {
    command -v cargo >/dev/null || need_wasm_toolchain
    command -v cargo >/dev/null || install_packages cargo-web rustc-web
    local version
    version=$(rustc --version | cut -d' ' -f2)
    version_at_least "$version" 1.95 || fail "rustc is $version, but 1.95 or later is needed; run: rustup update stable"
    command -v cc >/dev/null || install_packages gcc libc6-dev
}

# With what makes an environment of its own, for the client libraries that tests run. Debian has that in another package.
need_python() { python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv; }

# A directory that nobody here wrote, for the ldap connector. Debian starts its daemon at once where it may: whoever had none
# before wants none now. Tests start their own, on ports of their own.
need_slapd() {
    if [ -x /usr/sbin/slapd ] && command -v ldapsearch >/dev/null && command -v openssl >/dev/null; then return; fi
    local before=no
    if [ -x /usr/sbin/slapd ]; then before=yes; fi
    install_packages slapd ldap-utils openssl
    if [ "$before" = no ] && [ -f /run/slapd/slapd.pid ]; then
        say "stopping the slapd that its package started"
        as_root kill "$(cat /run/slapd/slapd.pid)" || true
    fi
}

# Samba as a domain controller of Active Directory, for the ldap connector. As with slapd: what its packages started where none
# was before, is stopped.
need_samba() {
    if command -v samba samba-tool ldapsearch openssl >/dev/null && [ -f /usr/share/samba/setup/provision.ldif ] \
        && ls /usr/lib/*/samba/ldb/samba_dsdb.so >/dev/null 2>&1; then return; fi
    local before name
    before=$(cat /run/samba/*.pid 2>/dev/null || true)
    install_packages samba samba-ad-dc samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind ldap-utils openssl
    for name in /run/samba/*.pid; do
        [ -f "$name" ] || continue
        if ! printf '%s\n' "$before" | grep -qx "$(cat "$name")"; then
            say "stopping the $(basename "$name" .pid) that its package started"
            as_root kill "$(cat "$name")" || true
        fi
    done
}

# A runtime for a provider of logins that others wrote, and the client of its registry.
need_node() {
    command -v node >/dev/null && command -v npm >/dev/null || install_packages nodejs npm
    local version
    version=$(node --version)
    version_at_least "${version#v}" 20 || fail "node is $version, but v20 or later is needed; install a later one, then start again"
}

need_all() { need_cargo; need_wasm_toolchain; need_python; need_slapd; need_samba; need_node; }
