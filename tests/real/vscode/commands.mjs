// Status, view of keys, code lens, and what the palette offers.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { anthropicKey, leaksAny, openaiKey, say, until, values, WAIT, write } from './tools.mjs';

function makeWorkspace(folder, server) {
  const keys = { twice: openaiKey(), env: anthropicKey(), closed: openaiKey() };
  execFileSync('git', ['init', '-q', folder]);
  const python = (key) => `import os\n\napi_key = "${key}"\n`;
  const check = { type: 'process', label: 'check it', command: server, args: ['--check'], problemMatcher: '$aikeys', presentation: { panel: 'new' } };
  write(folder, {
    'app.py': python(keys.twice),
    'lib.py': python(keys.twice),
    'closed file.py': python(keys.closed),
    '.env': `ANTHROPIC_API_KEY="${keys.env}"\nPLAIN=1\n`,
    '.gitignore': '.env\n*.out\n',
    'say it.js': "require('fs').writeFileSync(process.argv[2], `${process.env.PLAIN} ${process.argv[3]}`);\n",
    '.vscode/tasks.json': { version: '2.0.0', tasks: [check] },
  });
  return keys;
}

async function checkStatus(workbench) {
  const text = await workbench.status();
  assert.match(text, /aikeys: [1-9]\d* findings?/, text);
  assert.match(text, /server \d+\.\d+\.\d+/, text);
  await workbench.shot('status');
  await workbench.page.mouse.move(5, 5);
  say('status: count and version');
}

async function checkKeys(workbench) {
  const { page } = workbench;
  const { header, rows, pane } = workbench.view('AI Keys');
  await header.click();
  await rows.filter({ hasText: 'OpenAI' }).first().waitFor({ timeout: WAIT });
  await rows.filter({ hasText: 'Anthropic' }).first().waitFor({ timeout: WAIT });
  await rows.filter({ hasText: 'in the source' }).nth(1).waitFor({ timeout: WAIT });
  await rows.filter({ hasText: 'env file' }).first().waitFor({ timeout: WAIT });
  // Under the key are its places.
  const key = rows.filter({ hasText: 'sk-proj-…' }).first();
  assert.match(await key.getAttribute('aria-label'), /OpenAI.*in a file that git does not ignore/, 'the label of a key');
  const place = rows.filter({ hasText: 'lib.py:3' }).first();
  for (const row of await rows.filter({ hasText: 'sk-proj-…' }).all()) {
    await row.locator('.monaco-tl-twistie').click();
  }
  await place.waitFor({ timeout: WAIT });
  assert.ok(!leaksAny(await pane.innerText()), 'the view shows a key');
  await workbench.shot('keys');
  await place.click();
  await page.locator('.tab.active', { hasText: 'lib.py' }).waitFor({ timeout: WAIT });
  say('the view lists the keys, and opens a place');
}

async function checkLens(workbench) {
  const { page } = workbench;
  await workbench.open('app.py');
  await page.locator('.codelens-decoration a', { hasText: /same key in \d+ places/ }).first().click({ timeout: WAIT });
  const peek = page.locator('.peekview-widget');
  await peek.locator('.monaco-list-row', { hasText: 'lib.py' }).first().waitFor({ timeout: WAIT });
  await workbench.shot('lens');
  await page.keyboard.press('Escape');
  await peek.waitFor({ state: 'hidden', timeout: WAIT });
  say('the lens shows the places');
}

async function checkStore(workbench, place, server) {
  await workbench.pick('F1', '>aikeys: Choose Where Keys Go', 'Choose Where Keys Go', true);
  await workbench.page.locator('.quick-input-title', { hasText: 'Where should keys go' }).waitFor({ timeout: WAIT });
  await workbench.shot('stores');
  await workbench.choose('.env');
  await until('the setting', () => place.userSettings()['aikeys.store'] === 'env');
  await workbench.pick('F1', '>aikeys: Choose Where Keys Go', 'Choose Where Keys Go', true);
  await workbench.choose('No preference');
  await until('the setting to go', () => place.userSettings()['aikeys.store'] === undefined);
  say('a store was chosen');
}

async function checkInformation(workbench, folder) {
  const { page } = workbench;
  await workbench.command('aikeys: Show Debug Information');
  await page.locator('.tab.active', { hasText: 'Untitled' }).waitFor({ timeout: WAIT });
  const text = await until('the page', async () => {
    const all = await workbench.text();
    return all.includes('program ') && all;
  });
  assert.match(text, /VS Code +1\.\d+/, text);
  assert.match(text, /server +running, version \d.*from aikeys\.server\.path/, text);
  assert.ok(!text.includes(folder) && !text.includes('workspace/'), `a path: ${text}`);
  await workbench.shot('information');
  await workbench.closeUntitled();
  say('debug information has no path');
}

async function checkRun(workbench, workspace) {
  const { page } = workbench;
  await workbench.pick('F1', '>aikeys: Run with References', 'Run with References', true);
  await page.locator('.quick-input-title', { hasText: 'Run with References' }).waitFor({ timeout: WAIT });
  await page.locator('.quick-input-widget input').first().fill(`node "say it.js" run.out 'a "b" $c'`);
  await page.keyboard.press('Enter');
  const out = path.join(workspace, 'run.out');
  await until('run.out', () => fs.existsSync(out) && fs.readFileSync(out, 'utf8'));
  assert.equal(fs.readFileSync(out, 'utf8'), '1 a "b" $c');
  say('a program was run with the variables of .env');
}

async function checkMatcher(workbench) {
  const { page } = workbench;
  const row = page.locator('.markers-panel .monaco-list-row', { hasText: 'aikeys --check' }).first();
  // VS Code may miss what a task prints in its first moment, while its terminal is made.
  await until('a row of the task', async () => {
    await workbench.pick('F1', '>Tasks: Run Task', 'Tasks: Run Task', true);
    await workbench.choose('check it');
    // The terminal comes to the front when the task begins.
    // Which of the terminals is the last one in the page depends on when they were made.
    await until('the report', async () =>
      (await page.locator('.xterm-rows').allInnerTexts()).some((it) => it.replaceAll('\u00a0', ' ').includes('errors in')),
    );
    await page.keyboard.press('Control+Shift+M');
    return row.waitFor({ timeout: 10_000 }).then(() => true, () => false);
  });
  const text = await row.innerText();
  assert.match(text, /OpenAI project key.*hardcoded-ai-key/s, text);
  assert.match(text, /\[Ln 3, Col 12\]/, text);
  await workbench.shot('matcher');
  await workbench.command('View: Hide Panel');
  say('what a task prints is in the Problems panel');
}

async function checkEverywhere(workbench, workspace, key) {
  const { page } = workbench;
  await workbench.open('app.py');
  await workbench.literal(key).click({ position: { x: 40, y: 8 } });
  await workbench.command('aikeys: Move the Key under the Cursor');
  await until('both files to be edited', async () => (await page.locator('.tab.dirty').count()) >= 2);
  await workbench.command('File: Save All');
  await until('all files to be saved', async () => (await page.locator('.tab.dirty').count()) === 0);
  for (const name of ['app.py', 'lib.py']) {
    const text = fs.readFileSync(path.join(workspace, name), 'utf8');
    assert.ok(text.includes('OPENAI_API_KEY') && !leaksAny(text), text);
  }
  assert.equal(values(path.join(workspace, '.env')).OPENAI_API_KEY, key);
  say('moved from both files');
}

async function checkWalkthrough(workbench) {
  const { page } = workbench;
  await workbench.pick('F1', '>Welcome: Open Walkthrough', 'Open Walkthrough', true);
  await workbench.choose('Keep AI keys out of your code');
  for (const step of ['Look at a finding', 'Move the key', 'Check what others push', 'Keep keys from agents']) {
    await page.locator('.getting-started-step', { hasText: step }).first().waitFor({ timeout: WAIT });
  }
  await workbench.shot('walkthrough');
  say('the walkthrough has its four steps');
}

export async function commands({ place, workspace, server }) {
  const keys = makeWorkspace(workspace, server);
  place.settings(server);
  const workbench = await place.window(workspace, path.join(workspace, 'app.py'));
  await workbench.page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
  await checkStatus(workbench);
  await checkKeys(workbench);
  await checkLens(workbench);
  await checkInformation(workbench, place.folder);
  await checkStore(workbench, place, server);
  await workbench.command('aikeys: Check the Workspace');
  await workbench.toast(/\d+ finding/);
  await workbench.clearToasts();
  await checkRun(workbench, workspace);
  await checkMatcher(workbench);
  await checkEverywhere(workbench, workspace, keys.twice);
  await checkWalkthrough(workbench);
}
