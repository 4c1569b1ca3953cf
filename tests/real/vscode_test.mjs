#!/usr/bin/env node
// Drives the extension in editors/vscode in a real VS Code workbench with the real server.
//
//     AIKEYS_LSP_BIN=target/debug/aikeys-lsp node tests/real/vscode_test.mjs [SCENARIO…]
//
// The workbench is code-server's, shown by a headless Chromium: mouse and keyboard, as a user has
// them. Screenshots go to shots/ in the cache folder. All runs on loopback, at a free port.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { commands } from './vscode/commands.mjs';
import { ending } from './vscode/ending.mjs';
import { folders } from './vscode/folders.mjs';
import { moves } from './vscode/moves.mjs';
import { notebook } from './vscode/notebook.mjs';
import { pictures } from './vscode/pictures.mjs';
import { packageExtension, Place, shots } from './vscode/place.mjs';
import { rotated } from './vscode/rotated.mjs';
import { checkServerSearch } from './vscode/search.mjs';
import { started } from './vscode/started.mjs';
import { leaksAny, running, say, until } from './vscode/tools.mjs';
import { trust } from './vscode/trust.mjs';

// Two workbenches at a time: each waits more than it works.
const LANES = [{ moves, started, rotated, ending }, { commands, notebook, folders, trust }];
const BY_NAME = { pictures };
const SCENARIOS = Object.assign({}, ...LANES);

function serverUnderTest() {
  if (!process.env.AIKEYS_LSP_BIN) {
    throw new Error('set AIKEYS_LSP_BIN to the aikeys-lsp program that is to be tested');
  }
  const file = path.resolve(process.env.AIKEYS_LSP_BIN);
  fs.accessSync(file, fs.constants.X_OK);
  return file;
}

function wanted() {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !SCENARIOS[name] && !BY_NAME[name]);
  assert.deepEqual(unknown, [], `there are these scenarios: ${Object.keys(SCENARIOS).join(', ')}`);
  return names.length > 0 ? names : Object.keys(SCENARIOS);
}

// A folder and a name of the server for each, so that their processes can be told apart.
function scene(place, binary, name) {
  const folder = path.join(place.folder, name);
  const workspace = path.join(folder, 'workspace');
  const server = path.join(folder, 'aikeys-lsp');
  fs.mkdirSync(workspace, { recursive: true });
  fs.symlinkSync(binary, server);
  return { place, folder, workspace, server, binary };
}

// The scenarios of one workbench, one after the other.
async function lane(place, vsix, binary, scenarios, servers) {
  try {
    await place.start(vsix);
    for (const [name, run] of Object.entries(scenarios)) {
      const scenario = scene(place, binary, name);
      servers.push(scenario.server);
      await run(scenario).catch((error) => {
        error.message = `${name}: ${error.message}`;
        throw error;
      });
      await place.leave();
      await until('the server to end with its window', () => running(scenario.server).length === 0);
    }
    for (const log of place.logs()) {
      assert.ok(!leaksAny(fs.readFileSync(log, 'utf8')), `a log of VS Code shows a key: ${log}`);
    }
  } catch (error) {
    await place.failure();
    error.message += `\n(screenshot and log: ${shots}/failure.*)`;
    throw error;
  }
}

async function main() {
  const binary = serverUnderTest();
  const names = wanted();
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'aikeys-vscode-')));
  const lanes = [...LANES, BY_NAME]
    .map((all) => Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name))))
    .filter((scenarios) => Object.keys(scenarios).length > 0);
  const places = lanes.map((_, at) => new Place(path.join(folder, String(at))));
  const servers = [];
  const left = () => servers.flatMap((server) => running(server));
  try {
    fs.mkdirSync(shots, { recursive: true });
    checkServerSearch(path.join(folder, 'search'));
    const vsix = packageExtension(folder);
    await Promise.all(lanes.map((scenarios, at) => lane(places[at], vsix, binary, scenarios, servers)));
    say('no log holds a key');
  } finally {
    await Promise.all(places.map((place) => place.close()));
    // The servers must go with their editor.
    const outlived = await until('the servers to end', () => left().length === 0, 10_000).then(() => [], left);
    places.forEach((place) => place.kill());
    outlived.forEach((pid) => process.kill(Number(pid), 'SIGKILL'));
    // A shell of a terminal writes its history at its end.
    await until('the folder to be free', () => {
      try {
        fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
        return true;
      } catch {
        return false;
      }
    }, 10_000);
    if (outlived.length > 0) {
      console.error('the server outlived VS Code');
      process.exitCode = 1;
    }
  }
}

try {
  await main();
  console.log(process.exitCode ? '0 passed, 1 failed' : '1 passed, 0 failed');
} catch (error) {
  console.error(error.stack.includes(error.message) ? error.stack : `${error.message}\n${error.stack}`);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
// After a failure a server of the test may still listen.
process.exit();
