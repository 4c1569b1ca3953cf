// Where the server program is. Uses nothing of VS Code, so that tests can call it as it is.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

function isFile(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

// The first folder of PATH that holds the program. Relative folders are left out: they would let
// the opened workspace choose the program.
function onPath(name, variable) {
  return (variable ?? '')
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .find(isFile);
}

// A program that was named must be there: another one in its place would be a surprise.
function named(file, by) {
  const full = file.startsWith('~/') ? path.join(os.homedir(), file.slice(2)) : file;
  if (!path.isAbsolute(full) || !isFile(full)) {
    throw new Error(`${by} names no program: ${file} (an absolute path is needed)`);
  }
  return full;
}

/**
 * AIKEYS_LSP_PATH, then the setting, then the program in the extension, then PATH.
 * @param {{environment: NodeJS.ProcessEnv, setting: string, extension: string}} places
 * @returns {{command: string, from: string}} the program, and which of them named it
 */
function findServer({ environment, setting, extension }) {
  const name = process.platform === 'win32' ? 'aikeys-lsp.exe' : 'aikeys-lsp';
  if (environment.AIKEYS_LSP_PATH) {
    return { command: named(environment.AIKEYS_LSP_PATH, 'AIKEYS_LSP_PATH'), from: 'AIKEYS_LSP_PATH' };
  }
  if (setting) {
    return { command: named(setting, 'aikeys.server.path'), from: 'aikeys.server.path' };
  }
  const bundled = path.join(extension, 'bundled', name);
  if (isFile(bundled)) {
    // An extension unpacked on another system may have lost the bit.
    fs.chmodSync(bundled, 0o755);
    return { command: bundled, from: 'the extension' };
  }
  const found = onPath(name, environment.PATH ?? environment.Path);
  if (!found) {
    throw new Error(`${name} was not found: install it, or name it in aikeys.server.path`);
  }
  return { command: found, from: 'PATH' };
}

module.exports = { findServer };
