#!/usr/bin/env bash
# A step of action.yml: puts the aikeys-lsp of a release in place, after a look at its checksum and at where it was built.
# Runs in the bash 3.2 of macOS too.
set -euo pipefail

fail() {
    printf '::error title=aikeys::%s\n' "$1"
    exit 2
}

if [[ $AIKEYS_VERSION == path ]]; then
    program=$(command -v aikeys-lsp) || fail "the input version is path, and there is no aikeys-lsp on the PATH"
    echo "program=$program" >>"$GITHUB_OUTPUT"
    exit
fi

# Exact, and in no way a part of another address.
version=${AIKEYS_VERSION#v}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "the input version has to be X.Y.Z, or path"
[[ ${AIKEYS_REPOSITORY:-} =~ ^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$ ]] ||
    fail "the action does not know its repository: it is used as OWNER/aikeys-lsp/.github/action@COMMIT"

case ${RUNNER_OS:-}-${RUNNER_ARCH:-} in
Linux-X64) target=x86_64-unknown-linux-musl ;;
Linux-ARM64) target=aarch64-unknown-linux-musl ;;
macOS-X64) target=x86_64-apple-darwin ;;
macOS-ARM64) target=aarch64-apple-darwin ;;
Windows-X64) target=x86_64-pc-windows-msvc ;;
Windows-ARM64) target=aarch64-pc-windows-msvc ;;
*) fail "there is no release for this runner: install aikeys-lsp before, and give version path" ;;
esac

folder=$(mktemp -d "${RUNNER_TEMP:?}/aikeys-XXXXXX")
cd "$folder"
name=aikeys-lsp-v$version-$target
archive=$name.tar.gz
program=$folder/$name/aikeys-lsp
if [[ $RUNNER_OS == Windows ]]; then
    archive=$name.zip
    program=$program.exe
fi
for file in "$archive" "$archive.sha256"; do
    curl --proto =https --tlsv1.2 --fail --silent --show-error --location --retry 3 --output "$file" \
        "https://github.com/$AIKEYS_REPOSITORY/releases/download/v$version/$file" ||
        fail "$file could not be fetched from the releases of $AIKEYS_REPOSITORY"
done

if command -v sha256sum >/dev/null; then sum=(sha256sum); else sum=(shasum -a 256); fi
read -r wanted _ <"$archive.sha256" || true
read -r real _ < <("${sum[@]}" <"$archive")
[[ $wanted =~ ^[0-9a-f]{64}$ && $wanted == "$real" ]] || fail "$archive is not what its checksum says: nothing of it was started"

# A checksum from the same place says little of who made the file: GitHub knows which workflow did.
if [[ ${AIKEYS_VERIFY_ATTESTATION:-true} != false ]]; then
    command -v gh >/dev/null || fail "there is no gh here to verify the attestation with: install it, or give verify-attestation false"
    gh attestation verify "$archive" --repo "$AIKEYS_REPOSITORY" --signer-workflow "$AIKEYS_REPOSITORY/.github/workflows/release.yml" ||
        fail "$archive has no attestation of the release workflow of $AIKEYS_REPOSITORY: nothing of it was started"
fi

if [[ $RUNNER_OS == Windows ]]; then unzip -q "$archive"; else tar -xzf "$archive"; fi
"$program" --version
echo "program=$program" >>"$GITHUB_OUTPUT"
