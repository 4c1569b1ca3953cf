// Where the extension looks for the server.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { repository, require, say } from './tools.mjs';

export function checkServerSearch(folder) {
  const { findServer } = require(path.join(repository, 'editors', 'vscode', 'server.js'));
  const program = (name) => {
    const file = path.join(folder, name, 'aikeys-lsp');
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, '', { mode: 0o644 });
    return file;
  };
  const [variable, setting, onPath] = ['variable', 'setting', 'on-path'].map(program);
  const bundled = program('extension/bundled');
  const bare = path.join(folder, 'bare');
  const find = (environment, set, extension) => findServer({ environment, setting: set, extension }).command;
  const PATH = ['relative', path.join(folder, 'nowhere'), path.dirname(onPath)].join(path.delimiter);
  const extension = path.join(folder, 'extension');

  assert.equal(find({ AIKEYS_LSP_PATH: variable, PATH }, setting, extension), variable);
  assert.equal(find({ PATH }, setting, extension), setting);
  assert.equal(find({ PATH }, '', extension), bundled);
  assert.equal(fs.statSync(bundled).mode & 0o111, 0o111, 'the bundled server is executable');
  assert.equal(find({ PATH }, '', bare), onPath);
  assert.throws(() => find({ PATH: '' }, '', bare), /was not found/);
  assert.throws(() => find({ PATH }, path.join(folder, 'gone'), extension), /aikeys\.server\.path/);
  assert.throws(() => find({ AIKEYS_LSP_PATH: 'aikeys-lsp', PATH }, '', extension), /absolute/);
  // A folder of the workspace must never be searched through a relative entry.
  const before = process.cwd();
  process.chdir(folder);
  try {
    assert.throws(() => find({ PATH: 'on-path' }, '', bare), /was not found/);
  } finally {
    process.chdir(before);
  }
  const { from } = findServer({ environment: { AIKEYS_LSP_PATH: variable }, setting, extension });
  assert.equal(from, 'AIKEYS_LSP_PATH');
  say('the server is looked for in the right order');
}
