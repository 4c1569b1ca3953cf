// Marks, hovers and moves; an open `.env`; a restart; the last move put back.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { anthropicKey, leaks, openaiKey, running, say, until, values, WAIT, write } from './tools.mjs';

function makeWorkspace(folder) {
  const keys = { python: openaiKey(), rust: anthropicKey() };
  execFileSync('git', ['init', '-q', folder]);
  write(folder, {
    // Prints the key's hash, so that we can tell whether the program still gets its key.
    'app.py': `import hashlib\nimport os\n\napi_key = "${keys.python}"\nprint(hashlib.sha256(api_key.encode()).hexdigest())\n`,
    'src/main.rs': `fn main() {\n    let api_key = "${keys.rust}";\n    println!("{}", api_key.len());\n}\n`,
  });
  return keys;
}

export async function moves({ place, workspace, server }) {
  const keys = makeWorkspace(workspace);
  place.settings(server);
  const workbench = await place.window(workspace, path.join(workspace, 'app.py'));
  const { page } = workbench;
  const at = (...names) => path.join(workspace, ...names);
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
