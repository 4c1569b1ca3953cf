#!/usr/bin/env node
// Drives the extension in editors/vscode in a real VS Code workbench with the real server.
//
//     AIKEYS_LSP_BIN=target/debug/aikeys-lsp node tests/real/vscode_test.mjs [moves|started|trust]
//
// The workbench is code-server's, shown by a headless Chromium: mouse and keyboard, as a user has
// them. Screenshots go to shots/ in the cache folder. All runs on loopback, at a free port.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const repository = path.join(here, '..', '..');
const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'aikeys-lsp-tests');
const require = createRequire(import.meta.url);

const WAIT = 120_000; // a limit for machines that compile at the same time; 15 s is usual
const started = Date.now();
const wanted = process.argv.slice(2);
const does = (part) => wanted.length === 0 || wanted.includes(part);

function say(text) {
  console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}`);
}

function tool(relative) {
  const file = path.join(cache, relative);
  if (!fs.existsSync(file)) {
    throw new Error(`${file} is missing: run tests/real/install.sh vscode`);
  }
  return file;
}

function serverUnderTest() {
  if (!process.env.AIKEYS_LSP_BIN) {
    throw new Error('set AIKEYS_LSP_BIN to the aikeys-lsp program that is to be tested');
  }
  const file = path.resolve(process.env.AIKEYS_LSP_BIN);
  fs.accessSync(file, fs.constants.X_OK);
  return file;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';

function randomText(count) {
  const random = (length, from) => Array.from({ length }, () => from[randomInt(from.length)]).join('');
  // The last character is a letter, so that no reader of a file takes it for punctuation.
  return random(count - 1, ALPHABET) + random(1, ALPHABET.slice(0, 52));
}

// Keys in the shapes of two providers. Put together here: none stands in a file.
const openaiKey = () => ['sk', 'proj', randomText(74)].join('-') + ['T3B', 'lbkFJ'].join('') + randomText(74);
const anthropicKey = () => `${['sk', 'ant', 'api03', randomText(93)].join('-')}AA`;

// Does the text hold ten characters in a row of the key's random parts?
function leaks(text, key) {
  for (let at = 'sk-ant-api03-'.length; at + 10 <= key.length; at++) {
    const piece = key.slice(at, at + 10);
    if (text.includes(piece)) {
      return true;
    }
  }
  return false;
}

async function until(what, condition, limit = WAIT) {
  const end = Date.now() + limit;
  while (Date.now() < end) {
    const value = await condition();
    if (value) {
      return value;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain for ${what}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function makeWorkspace(folder) {
  const keys = { python: openaiKey(), rust: anthropicKey(), debugged: openaiKey() };
  fs.mkdirSync(path.join(folder, 'src'), { recursive: true });
  execFileSync('git', ['init', '-q', folder]);
  // Prints the key's hash, so that we can tell whether the program still gets its key.
  fs.writeFileSync(
    path.join(folder, 'app.py'),
    `import hashlib\nimport os\n\napi_key = "${keys.python}"\nprint(hashlib.sha256(api_key.encode()).hexdigest())\n`,
  );
  fs.writeFileSync(
    path.join(folder, 'src', 'main.rs'),
    `fn main() {\n    let api_key = "${keys.rust}";\n    println!("{}", api_key.len());\n}\n`,
  );
  makeStarted(path.join(folder, 'started'), path.join(folder, '.vscode'));
  return keys;
}

const PLACE = 'ref+age://.aikeys/secrets.age#/';

// A program that writes the hash of its variable, and everything that starts it.
function makeStarted(folder, settings) {
  fs.mkdirSync(folder);
  fs.mkdirSync(settings);
  fs.writeFileSync(
    path.join(folder, 'hash.js'),
    "const hash = require('crypto').createHash('sha256').update(process.env.DEBUGGED_API_KEY ?? '').digest('hex');\n" +
      "require('fs').writeFileSync(process.argv[2], `${hash} ${process.env.PLAIN}`);\n",
  );
  fs.writeFileSync(path.join(folder, '.env'), `DEBUGGED_API_KEY="${PLACE}DEBUGGED_API_KEY"\nPLAIN=1\n`);
  fs.writeFileSync(path.join(folder, 'gone.env'), `DEBUGGED_API_KEY="${PLACE}GONE"\n`);
  const at = '${workspaceFolder}/started';
  const launch = (name, more) => ({
    type: 'node', request: 'launch', name, program: `${at}/hash.js`, args: [`${at}/${name}.out`], cwd: at, console: 'internalConsole', ...more,
  });
  const configurations = [
    launch('plainly'),
    launch('terminal', { console: 'integratedTerminal' }),
    launch('named', { cwd: '${workspaceFolder}', env: { PLAIN: 'mine', DEBUGGED_API_KEY: `${PLACE}DEBUGGED_API_KEY` } }),
    launch('refused', { envFile: `${at}/gone.env` }),
  ];
  fs.writeFileSync(path.join(settings, 'launch.json'), JSON.stringify({ version: '0.2.0', configurations }));
  const task = { type: 'aikeys-run', label: 'hash task', command: 'node', args: ['hash.js', 'task.out'], cwd: at, problemMatcher: [] };
  fs.writeFileSync(path.join(settings, 'tasks.json'), JSON.stringify({ version: '2.0.0', tasks: [task] }));
}

// --- where the extension looks for the server ---------------------------------------------------

function checkServerSearch(folder) {
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
  const find = (environment, set, extension) => findServer({ environment, setting: set, extension });
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
  say('the server is looked for in the right order');
}

// --- the extension and the workbench --------------------------------------------------------------

function environment(folder, more = {}) {
  return {
    ...process.env,
    HOME: folder,
    XDG_CONFIG_HOME: path.join(folder, 'config'),
    XDG_DATA_HOME: path.join(folder, 'data'),
    XDG_STATE_HOME: path.join(folder, 'state'),
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    PATH: `${tool('node/bin')}${path.delimiter}${process.env.PATH}`,
    // No gallery: nothing is looked up outside.
    EXTENSIONS_GALLERY: '{"serviceUrl":"","itemUrl":"","resourceUrlTemplate":""}',
    ...more,
  };
}

// Bundles and packages a copy of editors/vscode, so that the repository's folder stays clean.
function packageExtension(folder) {
  const copy = path.join(folder, 'extension-source');
  const ours = ['node_modules', 'dist', 'bundled'];
  fs.cpSync(path.join(repository, 'editors', 'vscode'), copy, {
    recursive: true,
    filter: (file) => !ours.includes(path.basename(file)) && !file.endsWith('.vsix'),
  });
  fs.symlinkSync(tool('vscode-client/node_modules'), path.join(copy, 'node_modules'));
  const vsix = path.join(folder, 'aikeys.vsix');
  const options = { cwd: copy, env: environment(folder), stdio: ['ignore', 'pipe', 'pipe'] };
  execFileSync(tool('vsce/node_modules/.bin/vsce'), ['package', '--allow-missing-repository', '-o', vsix], options);
  const listing = execFileSync('python3', ['-m', 'zipfile', '-l', vsix], { encoding: 'utf8' });
  const files = listing.split('\n').slice(1).map((line) => line.split(/\s/)[0]).filter(Boolean).sort();
  assert.deepEqual(files, [
    '[Content_Types].xml',
    'extension.vsixmanifest',
    'extension/LICENSE.md',
    'extension/dist/extension.js',
    'extension/package.json',
    'extension/readme.md',
  ]);
  say(`packaged ${files.length} files, ${Math.round(fs.statSync(vsix).size / 1024)} KiB`);
  return vsix;
}

const SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'chat.disableAIFeatures': true,
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  // `.env` is ignored by git, and is opened by name all the same.
  'search.useIgnoreFiles': false,
  // What a terminal shows is text in the page then.
  'terminal.integrated.gpuAcceleration': 'off',
  // As on a desktop: nothing is saved before the user saves it.
  'files.autoSave': 'off',
};

// A workbench asks about trust, or trusts every folder.
async function startWorkbench(folder, vsix, server, children, asks = false) {
  const data = path.join(folder, 'user-data');
  const places = ['--user-data-dir', data, '--extensions-dir', path.join(folder, 'extensions')];
  fs.mkdirSync(path.join(data, 'User'), { recursive: true });
  const trust = { 'security.workspace.trust.enabled': asks, 'security.workspace.trust.startupPrompt': 'never' };
  fs.writeFileSync(path.join(data, 'User', 'settings.json'), JSON.stringify({ ...SETTINGS, ...trust }));
  const program = [tool('code-server/lib/node_modules/code-server/out/node/entry.js')];
  const env = environment(folder, { AIKEYS_LSP_PATH: server });
  execFileSync(tool('node/bin/node'), [...program, ...places, '--install-extension', vsix], { env, stdio: 'pipe' });

  const port = await freePort();
  const log = fs.openSync(path.join(folder, 'code-server.log'), 'w');
  const flags = [
    '--config', '/dev/null', '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`,
    '--disable-telemetry', '--disable-update-check', '--disable-getting-started-override',
    '--disable-proxy',
  ];
  if (!asks) {
    flags.push('--disable-workspace-trust');
  }
  const child = spawn(tool('node/bin/node'), [...program, ...flags, ...places], {
    env,
    detached: true, // a process group of its own, to end it whole
    stdio: ['ignore', log, log],
  });
  children.push(child);
  const address = `http://127.0.0.1:${port}`;
  await until('code-server', () => fetch(`${address}/healthz`).then((reply) => reply.ok, () => false));
  return address;
}

// The workbench's page of a folder, with its app.py open.
function start(address, workspace) {
  const file = `vscode-remote://${new URL(address).host}${workspace}/app.py`;
  const payload = encodeURIComponent(JSON.stringify([['openFile', file]]));
  return `${address}/?folder=${workspace}&payload=${payload}`;
}

// Processes whose command line begins with this program.
function running(program) {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(program);
      } catch {
        return false; // it ended meanwhile
      }
    });
}

class Workbench {
  constructor(page, shots) {
    this.page = page;
    this.shots = shots;
  }

  async shot(name) {
    await this.page.screenshot({ path: path.join(this.shots, `${name}.png`) });
  }

  // Types into the box at the top and picks the row: the first row may still be an older list's.
  async pick(keys, text, row, asksMore = false) {
    const found = this.page.locator('.quick-input-list .monaco-list-row', { hasText: row }).first();
    // The list shows what there was when it opened: a command that is registered later comes with the next one.
    await until(`${row} in the list`, async () => {
      await this.page.keyboard.press(keys);
      await this.page.locator('.quick-input-widget input').first().fill(text);
      try {
        await found.click({ timeout: 10_000 });
        return true;
      } catch {
        await this.page.keyboard.press('Escape');
        return false;
      }
    });
    if (!asksMore) {
      await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden', timeout: WAIT });
    }
  }

  async choose(row) {
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: row }).first().click({ timeout: WAIT });
  }

  async debug(name) {
    await this.pick('F1', '>Debug: Select and Start Debugging', 'Debug: Select and Start Debugging', true);
    await this.choose(name);
  }

  async command(title) {
    await this.pick('F1', `>${title}`, title);
  }

  async open(name) {
    await this.pick('Control+P', name, name);
    await this.page.locator('.tab.active', { hasText: name }).waitFor({ timeout: WAIT });
  }

  // The editor's text; blanks are drawn as no-break spaces.
  async text() {
    const text = await this.page.locator('.editor-instance .view-lines').first().innerText();
    return text.replaceAll('\u00a0', ' ');
  }

  // The start of the literal: the key is longer than the window is wide.
  literal(key) {
    return this.page.locator('.view-line span > span', { hasText: key.slice(0, 12) }).first();
  }

  squiggles() {
    return this.page.locator('.squiggly-error').count();
  }

  // The menu of the light bulb. While the workbench starts, it may close again.
  async actions(key) {
    await this.literal(key).click({ position: { x: 40, y: 8 } });
    // In the gutter or beside the text, as there is room. The Problems panel has one of its own.
    const bulbs = ['.lightBulbWidget', '[class*="codicon-gutter-lightbulb"]'];
    const bulb = this.page.locator(bulbs.map((bulb) => `.editor-instance ${bulb}:visible`).join(', ')).first();
    const menu = this.page.locator('.action-widget:visible').first();
    const titles = await until('the menu of the light bulb', async () => {
      // Where the bulb was scrolled away, its key opens the menu as well.
      await bulb.click({ timeout: 5000 }).catch(() => this.page.keyboard.press('Control+.'));
      await menu.locator('.action', { hasText: 'Move to' }).first().waitFor({ timeout: 5000 }).catch(() => {});
      return menu.innerText({ timeout: 1000 }).then((text) => text.includes('Move to') && text, () => false);
    });
    return { menu, titles };
  }

  // Marks, hover, light bulb and the move, in the file that is open.
  async move(name, key, variable) {
    const { page } = this;
    await page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
    say(`${name}: squiggle`);

    await this.literal(key).hover({ position: { x: 40, y: 8 } });
    const hover = page.locator('.monaco-hover:visible', { hasText: 'hardcoded-ai-key' }).first();
    await hover.waitFor({ timeout: WAIT });
    const shown = await hover.innerText();
    assert.ok(!leaks(shown, key), 'the hover shows the key');
    await this.shot(`${name}-1-hover`);
    await page.mouse.move(5, 5);

    const { menu, titles } = await this.actions(key);
    for (const title of ['Move to .env', 'Ignore with a reason']) {
      assert.ok(titles.includes(title), `the light bulb has no "${title}": ${titles}`);
    }
    assert.ok(!leaks(titles, key), 'a title shows the key');
    await this.shot(`${name}-2-actions`);
    await menu.locator('.action', { hasText: 'Move to .env' }).first().click();

    await until('the edit', async () => (await this.text()).includes(variable));
    await until('the squiggle to go', async () => (await this.squiggles()) === 0);
    await page.locator('.tab.active.dirty').waitFor({ timeout: WAIT });
    await this.shot(`${name}-3-moved`);
    say(`${name}: moved`);
  }

  async save() {
    await this.page.keyboard.press('Control+S');
    await until('the file to be saved', async () => (await this.page.locator('.tab.dirty').count()) === 0);
  }
}

function values(file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(lines.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1).replace(/^["']|["']$/g, '')]));
}

async function checkWorkbench(workbench, workspace, keys, server) {
  const { page } = workbench;
  const at = (...names) => path.join(workspace, ...names);
  await page.locator('.monaco-workbench').waitFor({ timeout: WAIT });
  await page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });

  await page.keyboard.press('Control+Shift+M');
  const row = page.locator('.markers-panel .monaco-list-row', { hasText: 'hardcoded-ai-key' }).first();
  await row.waitFor({ timeout: WAIT });
  const problem = await row.innerText();
  assert.match(problem, /aikeys/, 'the Problems row names no source');
  assert.match(problem, /\[Ln 4, Col 1[12]\]/, `the Problems row has another place: ${problem}`);
  assert.ok(!leaks(problem, keys.python), 'the Problems row shows the key');
  await workbench.shot('app.py-0-problems');
  say('Problems row');

  await workbench.move('app.py', keys.python, 'OPENAI_API_KEY');
  assert.ok(fs.readFileSync(at('app.py'), 'utf8').includes(keys.python), 'the source was saved unasked');
  assert.equal(values(at('.env')).OPENAI_API_KEY, keys.python, 'the key is not in .env');
  assert.equal(fs.statSync(at('.env')).mode & 0o777, 0o600, 'the mode of .env');
  execFileSync('git', ['-C', workspace, 'check-ignore', '-q', '.env']);
  assert.equal(await page.locator('.tab').count(), 1, 'another file was opened');
  await workbench.save();
  const source = fs.readFileSync(at('app.py'), 'utf8');
  assert.ok(!leaks(source, keys.python) && source.includes('OPENAI_API_KEY'), source);
  const env = { ...process.env, ...values(at('.env')) };
  const printed = execFileSync('python3', ['app.py'], { cwd: workspace, env, encoding: 'utf8' }).trim();
  assert.equal(printed, createHash('sha256').update(keys.python).digest('hex'), 'app.py gets another key');
  say('app.py runs as before, and .env, .gitignore and the source are right');

  // One server before and after a restart; the new one knows the open files.
  assert.equal(running(server).length, 1, 'servers before the restart');
  const [old] = running(server);
  await workbench.open('main.rs');
  await page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
  await workbench.command('aikeys: Restart Server');
  await until('another server', () => running(server).length === 1 && running(server)[0] !== old);
  await page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
  say('restarted: still one server');

  // With `.env` open and changed, neither that change nor the key is lost.
  await workbench.open('.env');
  // The tab is there before the keyboard is.
  await page.locator('.editor-instance .view-line').last().click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('TYPED=2\n');
  await page.locator('.tab.active.dirty', { hasText: '.env' }).waitFor({ timeout: WAIT });
  await workbench.open('main.rs');
  await workbench.move('main.rs', keys.rust, 'ANTHROPIC_API_KEY');
  await workbench.command('File: Save All');
  await until('all files to be saved', async () => (await page.locator('.tab.dirty').count()) === 0);
  const rust = fs.readFileSync(at('src', 'main.rs'), 'utf8');
  assert.ok(!leaks(rust, keys.rust) && rust.includes('env::var'), rust);
  const all = values(at('.env'));
  assert.equal(all.ANTHROPIC_API_KEY, keys.rust, 'the second key is not in .env');
  assert.equal(all.OPENAI_API_KEY, keys.python, 'the first key is gone from .env');
  assert.equal(all.TYPED, '2', 'what was typed into .env is gone');
  assert.equal(fs.statSync(at('.env')).mode & 0o777, 0o600, 'the mode of .env after both moves');
  say('a changed .env keeps both its changes and the keys');

  await workbench.command('aikeys: Undo the Last Move');
  await until('the key to be back', async () => leaks(await workbench.text(), keys.rust));
  assert.ok(!leaks(fs.readFileSync(at('src', 'main.rs'), 'utf8'), keys.rust), 'the source was saved unasked');
  await workbench.shot('undone');
  await page.keyboard.press('Control+Z');
  await until('the key to be gone', async () => !leaks(await workbench.text(), keys.rust));
  await workbench.command('File: Save All');
  await until('all files to be saved', async () => (await page.locator('.tab.dirty').count()) === 0);
  say('the last move was put back');
}

// Debug sessions and a task of a program whose variable is a reference.
async function checkStarted(workbench, folder, workspace, keys, server) {
  const { page } = workbench;
  const started = path.join(workspace, 'started');
  const ours = { cwd: workspace, env: environment(folder), stdio: ['pipe', 'ignore', 'pipe'] };
  execFileSync(server, ['store', 'init', '--yes'], ours);
  execFileSync(server, ['store', 'put', `${PLACE}DEBUGGED_API_KEY`], { ...ours, input: keys.debugged });
  const hash = createHash('sha256').update(keys.debugged).digest('hex');
  const output = (name) => until(`${name}.out`, () => {
    const file = path.join(started, `${name}.out`);
    return fs.existsSync(file) && fs.readFileSync(file, 'utf8');
  });

  // The first one is what F5 starts.
  await page.keyboard.press('F5');
  assert.equal(await output('plainly'), `${hash} undefined`, 'the program got something else than its key');
  await page.locator('.monaco-workbench:not(.debugging)').waitFor({ timeout: WAIT });
  await workbench.shot('debug-1-started');
  say('F5: the program got its key');

  await workbench.debug('named');
  assert.equal(await output('named'), `${hash} mine`, 'variables of launch.json');
  await workbench.debug('terminal');
  assert.equal(await output('terminal'), `${hash} undefined`, 'the program in the terminal got something else');
  const terminal = page.locator('.xterm-rows').first();
  await until('the terminal', async () => (await terminal.innerText()).includes('hash.js'));
  await workbench.shot('debug-2-terminal');
  assert.ok(!leaks((await terminal.innerText()).replaceAll(/\s/g, ''), keys.debugged), 'the terminal shows the key');
  say('a terminal shows no key');

  await workbench.debug('refused');
  const dialog = page.locator('.monaco-dialog-box');
  await dialog.waitFor({ timeout: WAIT });
  const refusal = await dialog.innerText();
  assert.match(refusal, /DEBUGGED_API_KEY: ref\+age:.*#\/GONE: there is no such secret/, refusal);
  await workbench.shot('debug-3-refused');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden', timeout: WAIT });
  assert.ok(!fs.existsSync(path.join(started, 'refused.out')), 'the program was started all the same');
  say('what a store refuses is not started');

  await workbench.pick('F1', '>Tasks: Run Task', 'Tasks: Run Task', true);
  await workbench.choose('hash task');
  assert.equal(await output('task'), `${hash} 1`, 'the task got something else');
  await workbench.shot('task');
  say('the task got its key');

  await workbench.pick('Control+P', 'started/.env', 'started');
  await workbench.command('aikeys: Check the References of .env');
  const toast = page.locator('.notification-toast', { hasText: '1 reference is there' }).first();
  await toast.waitFor({ timeout: WAIT });
  await page.locator('.view-line', { hasText: 'DEBUGGED_API_KEY' }).locator('span > span').last().hover();
  const hover = page.locator('.monaco-hover:visible', { hasText: 'there when last asked' }).first();
  await hover.waitFor({ timeout: WAIT });
  await workbench.shot('references');
  say('checked, and hovered');

  await page.keyboard.press('Escape');
  await page.locator('.view-line', { hasText: 'PLAIN' }).click();
  await page.keyboard.press('Control+End');
  // The editor adds the second quote by itself, or does not: one stands there in the end.
  await page.keyboard.type('NEW_KEY="');
  const widget = page.locator('.suggest-widget:visible');
  await widget.locator('.monaco-list-row', { hasText: `${PLACE}NEW_KEY` }).first().waitFor({ timeout: WAIT });
  await workbench.shot('completion');
  await page.keyboard.press('Enter');
  await until('the reference', async () => (await workbench.text()).split('\n').includes(`NEW_KEY="${PLACE}NEW_KEY"`));
  await page.keyboard.press('Control+S');
  say('completed');
}

// Restricted mode first: the store that the folder names is no place for a key before the user trusts the folder.
async function checkTrust(workbench, key) {
  const { page } = workbench;
  const titles = async () => {
    await page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
    const { titles: all } = await workbench.actions(key);
    await page.keyboard.press('Escape');
    return all;
  };
  await page.locator('.monaco-workbench').waitFor({ timeout: WAIT });
  const careful = await titles();
  assert.ok(!careful.includes('Vault'), `in restricted mode: ${careful}`);
  await workbench.shot('trust-1-restricted');
  await workbench.command('Workspaces: Manage Workspace Trust');
  await page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first().click({ timeout: WAIT });
  await page.locator('.workspace-trust-editor', { hasText: 'You trust this folder' }).waitFor({ timeout: WAIT });
  await page.locator('.monaco-modal-editor-block [class*="codicon"][class*="close"]').last().click();
  await page.locator('.workspace-trust-editor').waitFor({ state: 'hidden', timeout: WAIT });
  await until('the store of the folder', async () => (await titles()).includes('Move to Vault at kv/theirs'));
  await workbench.shot('trust-2-trusted');
  say('a store of the folder counts once the user trusts the folder');
}

async function main() {
  const binary = serverUnderTest();
  const children = [];
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'aikeys-vscode-')));
  const workspace = path.join(folder, 'workspace');
  const shots = path.join(cache, 'shots');
  // A name of its own, so that its processes can be told from others.
  const server = path.join(folder, 'aikeys-lsp');
  const homes = [];
  let browser;
  let page;
  try {
    fs.mkdirSync(shots, { recursive: true });
    fs.symlinkSync(binary, server);
    checkServerSearch(path.join(folder, 'search'));
    const keys = makeWorkspace(workspace);
    const vsix = packageExtension(folder);
    const { chromium } = require(tool('playwright/node_modules/playwright-core'));
    browser = await chromium.launch({
      executablePath: fs.realpathSync(tool('chromium')),
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
      ],
    });
    const openPage = async (address, at) => {
      await page?.close();
      page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      await page.goto(start(address, at));
      return new Workbench(page, shots);
    };
    if (does('moves') || does('started')) {
      homes.push(folder);
      const workbench = await openPage(await startWorkbench(folder, vsix, server, children), workspace);
      await checkWorkbench(workbench, workspace, keys, server);
      if (does('started')) {
        await checkStarted(workbench, folder, workspace, keys, server);
      }
    }
    if (does('trust')) {
      const theirs = path.join(folder, 'theirs');
      homes.push(theirs);
      const at = path.join(theirs, 'workspace');
      keys.theirs = makeWorkspace(at).python;
      let connections = 0;
      const store = net.createServer((socket) => { connections += 1; socket.destroy(); }).listen(0, '127.0.0.1');
      await until('a port', () => store.address());
      const address = `http://127.0.0.1:${store.address().port}`;
      fs.writeFileSync(path.join(at, 'aikeys.toml'), `[stores.vault]\naddress = "${address}"\nmount = "kv"\npath = "theirs"\n`);
      await checkTrust(await openPage(await startWorkbench(theirs, vsix, server, children, true), at), keys.theirs);
      store.close();
      assert.equal(connections, 0, 'something was sent to the store that the folder names');
    }

    for (const logs of homes.map((home) => path.join(home, 'user-data', 'logs'))) {
      for (const log of fs.readdirSync(logs, { recursive: true })) {
        const name = path.join(logs, log);
        if (fs.statSync(name).isFile()) {
          const text = fs.readFileSync(name, 'utf8');
          assert.ok(!Object.values(keys).some((key) => leaks(text, key)), `a log of VS Code shows a key: ${log}`);
        }
      }
    }
    say('no log holds a key');
  } catch (error) {
    await page?.screenshot({ path: path.join(shots, 'failure.png') }).catch(() => {});
    const log = path.join(folder, 'code-server.log');
    if (fs.existsSync(log)) {
      fs.copyFileSync(log, path.join(shots, 'failure.log'));
    }
    for (const home of homes) {
      const logs = path.join(home, 'user-data', 'logs');
      const ours = fs.readdirSync(logs, { recursive: true }).find((name) => name.endsWith('aikeys.log'));
      if (ours) {
        fs.appendFileSync(path.join(shots, 'failure.log'), fs.readFileSync(path.join(logs, ours)));
      }
    }
    error.message += `\n(screenshot and log: ${shots}/failure.*)`;
    throw error;
  } finally {
    await browser?.close().catch(() => {});
    for (const child of children) {
      try {
        process.kill(-child.pid, 'SIGTERM');
      } catch {} // it ended by itself
    }
    // The servers must go with their editor.
    const left = await until('the servers to end', () => running(server).length === 0, 10_000).then(() => [], () => running(server));
    for (const child of children) {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {}
    }
    left.forEach((pid) => process.kill(Number(pid), 'SIGKILL'));
    // A shell of a terminal writes its history at its end.
    await until('the folder to be free', () => {
      try {
        fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
        return true;
      } catch {
        return false;
      }
    }, 10_000);
    if (left.length > 0) {
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
