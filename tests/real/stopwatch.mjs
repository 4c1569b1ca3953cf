#!/usr/bin/env node
// How long a user waits, in a real VS Code and real Neovims. Measures and judges nothing: tests/run.sh does not run it.
//
//     AIKEYS_LSP_BIN=target/release/aikeys-lsp node tests/real/stopwatch.mjs [cold] [vscode] [nvim]
//
// `cold`: a workspace of 5,000 files is opened; from the start of the server to the first mark, as extensions are told of it and as it is drawn.
// `vscode`, `nvim`: a new user with nothing but the release's files; from the first command to the output of the
// program whose key was moved. Nobody reads or thinks: the hands are quicker than a user's. Downloads are not counted.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { environment, packageExtension, Place } from './vscode/place.mjs';
import { openaiKey, repository, running, say, tool, until, values, WAIT, write } from './vscode/tools.mjs';

const FILES = 5000;
const ROUNDS = 5;
const run = promisify(execFile);

const load = () => `load ${os.loadavg()[0].toFixed(1)}`;
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const git = (folder, ...args) =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args]);

// Ends an editor and its server.
async function end(place, program) {
  await place.leave();
  await place.close();
  await until('the server to end', () => running(program).length === 0, 10_000).catch(() => {});
  place.kill();
}

// --- a large workspace, opened cold ----------------------------------------------------------------

function python(key) {
  const block = (n) =>
    `def function_${n}(name, count=${n}):\n    value = os.environ.get("SETTING_${n}", "default")\n    return name, count, value\n\n\n`;
  return `import os\n\n${Array.from({ length: 12 }, (_, n) => block(n)).join('')}${key ? `api_key = "${key}"\n` : ''}`;
}

function typescript(key) {
  const block = (n) =>
    `export function function${n}(name: string, count = ${n}) {\n  const value = process.env.SETTING_${n} ?? "default";\n  return { name, count, value };\n}\n\n`;
  return `${Array.from({ length: 12 }, (_, n) => block(n)).join('')}${key ? `const apiKey = "${key}";\n` : ''}`;
}

// Keys in few of the files, as anywhere.
function makeMany(folder) {
  const file = (at) => {
    const [text, ending] = at % 2 ? [typescript, 'ts'] : [python, 'py'];
    return [`part${at % 25}/unit${at % 20}/file${at}.${ending}`, text(at % 500 === 0 && openaiKey())];
  };
  write(folder, Object.fromEntries(Array.from({ length: FILES - 1 }, (_, at) => file(at))));
  write(folder, { 'app.py': `import os\n\napi_key = "${openaiKey()}"\n` });
  git(folder, 'init', '-q');
  git(folder, 'add', '-A');
  git(folder, 'commit', '-qm', 'one');
}

// An extension that writes down when VS Code knows of the mark.
function packageProbe(folder, times) {
  const known = "vscode.languages.getDiagnostics(uri).some((it) => it.source === 'aikeys')";
  write(path.join(folder, 'probe'), {
    'package.json': {
      name: 'probe', publisher: 'aikeys', version: '0.0.1', engines: { vscode: '^1.91.0' }, main: './probe.js', activationEvents: ['*'],
    },
    'probe.js':
      "const vscode = require('vscode');\n" +
      'exports.activate = () => vscode.languages.onDidChangeDiagnostics(({ uris }) => {\n' +
      `  if (uris.some((uri) => uri.path.endsWith('/app.py') && ${known})) {\n` +
      `    require('fs').appendFileSync(${JSON.stringify(times)}, \`\${Date.now()}\\n\`);\n  }\n});\n`,
  });
  const vsix = path.join(folder, 'probe.vsix');
  const options = { cwd: path.join(folder, 'probe'), env: environment(folder), stdio: 'pipe' };
  execFileSync(tool('vsce/node_modules/.bin/vsce'), ['package', '--allow-missing-repository', '--skip-license', '-o', vsix], options);
  return vsix;
}

// When the first mark is in the page, by its own clock: the same machine's.
function drawn(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const marks = document.getElementsByClassName('squiggly-error');
        const look = () => marks.length > 0 && resolve(Date.now());
        new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
        look();
      }),
  );
}

async function cold({ folder, binary, places }) {
  const at = (name) => path.join(folder, name);
  const [workspace, program, server] = [at('workspace'), at('program'), at('aikeys-lsp')];
  makeMany(workspace);
  fs.symlinkSync(binary, program);
  // Says when, and becomes the server.
  write(folder, { 'aikeys-lsp': `#!/bin/bash\necho $EPOCHREALTIME >> '${at('starts')}'\nexec '${program}' "$@"\n` });
  fs.chmodSync(server, 0o755);
  const extensions = [packageExtension(folder), packageProbe(folder, at('knows'))];
  const rounds = [];
  for (let round = 1; round <= ROUNDS; round++) {
    ['starts', 'knows'].forEach((name) => fs.rmSync(at(name), { force: true }));
    const place = new Place(at(`place${round}`));
    places.push(place);
    await place.start(...extensions);
    place.settings(server);
    const { page } = await place.window(workspace, path.join(workspace, 'app.py'));
    const before = load();
    const drawnAt = await drawn(page);
    const [start, ...more] = fs.readFileSync(at('starts'), 'utf8').trim().split('\n').map((it) => Number(it) * 1000);
    assert.deepEqual(more, [], 'another server was started');
    // VS Code gathers the events of 50 ms: it may draw before it tells extensions.
    const told = await until('the event', () => fs.existsSync(at('knows')) && Number.parseInt(fs.readFileSync(at('knows'), 'utf8')));
    rounds.push({ told: told - start, drawn: drawnAt - start });
    say(`cold ${round}: extensions told ${(told - start).toFixed(0)} ms, drawn ${(drawnAt - start).toFixed(0)} ms after the start (${before})`);
    await end(place, program);
  }
  for (const name of ['told', 'drawn']) {
    const all = rounds.map((it) => it[name]);
    say(`cold, ${FILES} files, ${name}: median ${median(all).toFixed(0)} ms of ${all.map((it) => it.toFixed(0)).join(', ')}`);
  }
}

// --- a new user ------------------------------------------------------------------------------------

// What a release gives out for this machine: made of the program under test, before the clock starts.
function release(folder, binary) {
  const target = `${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch]}-unknown-linux-musl`;
  const at = (...names) => path.join(folder, ...names);
  fs.mkdirSync(at('programs', target), { recursive: true });
  fs.copyFileSync(binary, at('programs', target, 'aikeys-lsp'));
  const pack = (...args) =>
    execFileSync('python3', [path.join(repository, '.github', 'packaging', 'pack.py'), ...args], { env: environment(folder), stdio: 'pipe' });
  const packed = (beginning, ending) =>
    at('out', fs.readdirSync(at('out')).find((name) => name.startsWith(beginning) && name.endsWith(ending)));
  return {
    vsix() {
      pack('vsix', '--some', at('programs'), at('out'), tool('vsce/node_modules/.bin/vsce'), tool('vscode-client/node_modules'));
      return packed(`aikeys-lsp-linux-${process.arch}`, '.vsix');
    },
    archive() {
      pack('pages', binary, at('pages'));
      pack('archives', '--some', at('programs'), at('pages'), at('out'));
      return packed('aikeys-lsp', '.tar.gz');
    },
  };
}

function makeProgram(workspace) {
  const key = openaiKey();
  // To a file as well: VS Code may draw a terminal as a picture.
  const print = (more) => `print("length", len(api_key)${more})\n`;
  write(workspace, { 'app.py': `api_key = "${key}"\n${print('')}${print(', file=open("output", "w")')}` });
  git(workspace, 'init', '-q');
  return { key, output: `length ${key.length}` };
}

function check(workspace, key) {
  assert.ok(!fs.readFileSync(path.join(workspace, 'app.py'), 'utf8').includes(key), 'the key is still in app.py');
  assert.equal(values(path.join(workspace, '.env')).OPENAI_API_KEY, key, 'the key is not in .env');
}

function clock(name) {
  const start = performance.now();
  return (what) => say(`${name}: ${((performance.now() - start) / 1000).toFixed(1).padStart(5)} s  ${what} (${load()})`);
}

// A user who has set nothing.
class Untouched extends Place {
  settings() {}
}

async function vscode({ folder, binary, places }) {
  const workspace = path.join(folder, 'workspace');
  const { key, output } = makeProgram(workspace);
  const vsix = release(folder, binary).vsix();
  const place = new Untouched(path.join(folder, 'place'));
  places.push(place);

  const lap = clock('vscode');
  await place.start(vsix);
  lap('command 1, code --install-extension FILE, is done, and VS Code is starting');
  const workbench = await place.window(workspace);
  const { page } = workbench;
  await workbench.open('app.py');
  lap('command 2, code FOLDER, and a file in it opened');
  await page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
  lap('the key is marked');
  const { menu, titles } = await workbench.actions(key);
  await menu.locator('.action', { hasText: 'Move to .env' }).first().click();
  await until('the edit', async () => (await workbench.text()).includes('OPENAI_API_KEY'));
  await workbench.save();
  lap(`moved and saved by: ${titles.split('\n').find((it) => it.includes('Move to .env'))}`);
  // Nothing is started before.
  await page.locator('.part.banner a', { hasText: 'Manage' }).click();
  await page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first().click({ timeout: WAIT });
  await page.locator('.workspace-trust-editor', { hasText: 'You trust this folder' }).waitFor({ timeout: WAIT });
  await page.locator('.monaco-modal-editor-block [class*="codicon"][class*="close"]').last().click();
  await page.locator('.workspace-trust-editor').waitFor({ state: 'hidden', timeout: WAIT });
  lap('the folder is trusted');
  await workbench.pick('F1', '>aikeys: Run with References', 'aikeys: Run with References', true);
  await page.locator('.quick-input-title', { hasText: 'Run with References' }).waitFor({ timeout: WAIT });
  await page.locator('.quick-input-widget input').first().fill('python3 app.py');
  await page.keyboard.press('Enter');
  const file = path.join(workspace, 'output');
  await until('the output', () => fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim() === output);
  lap('the program printed what it should, in the terminal');
  check(workspace, key);
}

// What a user does in Neovim, as far as keys can be told from a script.
const HANDS = `
local function wait(what, condition)
  assert(vim.wait(60000, condition, 10), 'waited in vain for ' .. what)
end
local function lap(what)
  io.stdout:write(what .. '\\n')
end
local ok, wrong = pcall(function()
  wait('the mark', function() return #vim.diagnostic.get(0) > 0 end)
  lap('the key is marked')
  local mark = vim.diagnostic.get(0)[1]
  vim.api.nvim_win_set_cursor(0, { mark.lnum + 1, mark.col })
  local chosen
  vim.lsp.buf.code_action({ apply = true, filter = function(action)
    chosen = chosen or vim.startswith(action.title, 'Move to .env') and action or nil
    return action == chosen
  end })
  wait('the edit', function() return vim.bo.modified end)
  vim.cmd.write()
  lap('moved and written by: ' .. chosen.title)
  lap(vim.api.nvim_exec2('!aikeys-lsp run -- python3 app.py', { output = true }).output)
end)
if not ok then lap(wrong) end
vim.cmd('qall!')
`;

async function nvim({ folder, binary }, version) {
  const at = (...names) => path.join(folder, version, ...names);
  const workspace = at('workspace');
  const { key, output } = makeProgram(workspace);
  const archive = release(at('release'), binary).archive();
  write(at(), { 'hands.lua': HANDS });
  const own = environment(at('home'));
  const local = at('home', '.local');
  // As most systems have it.
  const env = { ...own, AIKEYS_LSP_PATH: undefined, XDG_DATA_HOME: undefined, PATH: `${path.join(local, 'bin')}${path.delimiter}${own.PATH}` };
  fs.mkdirSync(local, { recursive: true });

  const lap = clock(version);
  await run('tar', ['-xzf', archive, '-C', local, '--strip-components', '1'], { env });
  lap('command 1, tar: the program and the plugin are there');
  const editor = execFile(tool(`${version}/bin/nvim`), ['--headless', 'app.py', '-S', at('hands.lua')], { cwd: workspace, env, timeout: WAIT });
  let printed = '';
  editor.stdout.on('data', (data) => {
    printed += data;
    data.trim().split('\n').filter((line) => /^(the|moved) /.test(line)).forEach(lap);
    if (data.includes(output)) {
      lap('command 2, nvim app.py: in it the program printed what it should');
    }
  });
  await new Promise((resolve) => editor.once('close', resolve));
  assert.ok(printed.includes(output), printed);
  check(workspace, key);
  await until('the server to end with Neovim', () => running(path.join(local, 'bin', 'aikeys-lsp')).length === 0);
}

async function neovims(scene) {
  for (const version of ['nvim', 'nvim-0.12']) {
    await nvim(scene, version);
  }
}

// ---------------------------------------------------------------------------------------------------

const SCENES = { cold, vscode, nvim: neovims };

async function main() {
  const binary = fs.realpathSync(process.env.AIKEYS_LSP_BIN ?? assert.fail('set AIKEYS_LSP_BIN to the program'));
  const names = process.argv.slice(2);
  assert.ok(names.every((name) => SCENES[name]), `there are: ${Object.keys(SCENES).join(', ')}`);
  for (const name of names.length > 0 ? names : Object.keys(SCENES)) {
    const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'aikeys-stopwatch-')));
    const places = [];
    try {
      await SCENES[name]({ folder, binary, places });
    } catch (error) {
      await Promise.all(places.map((place) => place.failure()));
      throw error;
    } finally {
      await Promise.all(places.map((place) => end(place)));
      fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    }
  }
}

try {
  await main();
} catch (error) {
  console.error(error.stack);
  process.exitCode = 1;
}
// What still listens ends with us.
process.exit();
