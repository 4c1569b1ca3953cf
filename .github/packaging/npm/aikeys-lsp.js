#!/usr/bin/env node
// Starts the program from the package that fits this machine: npm has installed it beside this one.
// Nothing is downloaded, and nothing runs when this is installed.
'use strict';

const { spawn } = require('node:child_process');
const os = require('node:os');
const path = require('node:path');
const tty = require('node:tty');

const FAILED = 2; // as the program itself: something could not be checked

// Node itself knows which C library it was built for.
function hasGlibc() {
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}

// The packages whose programs run here, the best one first. The one for musl is linked statically.
function fitting() {
  const name = `aikeys-lsp-${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') {
    return [name];
  }
  return hasGlibc() ? [`${name}-gnu`, `${name}-musl`] : [`${name}-musl`];
}

function programOf(name) {
  try {
    const folder = path.dirname(require.resolve(`${name}/package.json`));
    return path.join(folder, process.platform === 'win32' ? 'aikeys-lsp.exe' : 'aikeys-lsp');
  } catch {
    return undefined;
  }
}

function fail(text) {
  process.stderr.write(`error: ${text}\n`);
  process.exit(FAILED);
}

function find() {
  const names = fitting();
  const found = names.map(programOf).find(Boolean);
  if (found) {
    return found;
  }
  const all = Object.keys(require('./package.json').optionalDependencies);
  const made = names.find((name) => all.includes(name));
  if (made) {
    fail(
      `the package ${made} with the program is not installed.\n` +
        'npm leaves it out with --omit=optional or --no-optional, and where package-lock.json was made on another ' +
        'system: remove node_modules and package-lock.json, and install again.',
    );
  }
  const others = all.map((name) => name.replace('aikeys-lsp-', '')).join(', ');
  return fail(
    `there is no program for ${names.at(-1).replace('aikeys-lsp-', '')}, only for ${others}.\n` +
      'Where Rust is installed, `cargo install aikeys-lsp` builds one.',
  );
}

const program = find();
const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' });

// What is typed on a terminal reaches the program as well, and must not come twice.
const isTyped = (signal) => ['SIGINT', 'SIGQUIT'].includes(signal) && tty.isatty(0);
const signals = process.platform === 'win32' ? [] : ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];
for (const signal of signals) {
  process.on(signal, () => isTyped(signal) || child.kill(signal));
}

child.on('error', (error) => fail(`${program} cannot be started: ${error.message}`));
child.on('exit', (code, signal) => {
  if (signal === null) {
    process.exit(code);
  }
  // Whoever started this sees what ended the program; a signal that ends nothing here still counts as one.
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(128 + os.constants.signals[signal]), 100);
});
