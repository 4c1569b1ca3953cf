// A workspace of two folders with settings of their own; one of them is taken out.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { openaiKey, say, until, WAIT, write } from './tools.mjs';

export async function folders({ place, workspace, server }) {
  const [one, two] = ['one', 'two'].map((name) => path.join(workspace, name));
  const file = path.join(workspace, 'both.code-workspace');
  const settings = (names) => write(workspace, { 'both.code-workspace': { folders: names.map((name) => ({ path: name })), settings: {} } });
  for (const [folder, toml] of [[one, ''], [two, '[severity]\nhardcoded-ai-key = "warning"\n']]) {
    write(folder, { 'app.py': `import os\n\napi_key = "${openaiKey()}"\n`, 'aikeys.toml': toml });
    execFileSync('git', ['init', '-q', folder]);
  }
  settings(['one', 'two']);
  place.settings(server);
  const workbench = await place.window(file, path.join(one, 'app.py'));
  const { page } = workbench;
  await page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
  await workbench.pick('Control+P', 'two/app.py', 'two');
  await page.locator('.squiggly-warning').first().waitFor({ timeout: WAIT });
  assert.equal(await page.locator('.squiggly-error').count(), 0, 'the second folder has the settings of the first');
  say('each folder has its settings');

  const { header, rows } = workbench.view('AI Keys');
  await header.click();
  await rows.filter({ hasText: '2 keys' }).first().waitFor({ timeout: WAIT });
  await workbench.shot('folders');
  settings(['one']);
  await rows.filter({ hasText: '1 key,' }).first().waitFor({ timeout: WAIT });
  say('the keys of a folder go with it');
  await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'app.py' }).first().click();
  await page.locator('.tab.active', { hasText: 'app.py' }).waitFor({ timeout: WAIT });
  await page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
  await until('the status', async () => /server \d/.test(await workbench.status()));
  say('the other folder is still looked after');
}
