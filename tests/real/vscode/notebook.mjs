// A notebook: a key in a cell, and one in an output.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { leaksAny, openaiKey, say, until, values, WAIT, write } from './tools.mjs';

function notebookOf(key) {
  const cell = (id, source, outputs) => ({ cell_type: 'code', id, metadata: {}, execution_count: 1, source, outputs });
  const output = [{ output_type: 'stream', name: 'stdout', text: [`the key is ${key}\n`] }];
  return {
    cells: [cell('one', ['import os\n', `api_key = "${key}"`], []), cell('two', ['print("the key is", api_key)'], output)],
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' }, language_info: { name: 'python' } },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

export async function notebook({ place, workspace, server }) {
  const key = openaiKey();
  execFileSync('git', ['init', '-q', workspace]);
  write(workspace, { 'work.ipynb': notebookOf(key), '.gitignore': '.env\n' });
  place.settings(server);
  const file = path.join(workspace, 'work.ipynb');
  const workbench = await place.window(workspace);
  const { page } = workbench;
  await workbench.open('work.ipynb');
  const cells = page.locator('.notebookOverlay .cell-list-container .monaco-list-row');
  await cells.nth(1).waitFor({ timeout: WAIT });
  // The cell's own mark, and the mark of what the other one printed.
  await cells.nth(0).locator('[class*="squiggly-"]').first().waitFor({ timeout: WAIT });
  await cells.nth(1).locator('[class*="squiggly-"]').first().waitFor({ timeout: WAIT });
  await workbench.shot('notebook-1-marked');
  const errors = (count) => until(`${count} errors in the status bar`, async () => {
    const text = await page.locator('[id="status.problems"]').innerText();
    return text.trim().split(/\s+/)[0] === String(count);
  });
  await errors(2);
  say('a cell and an output are marked, once each');

  // The menu closes by itself where the marks change while it opens: then again.
  const choose = async (cell, title, done) => {
    const menu = page.locator('.action-widget:visible').first();
    await until(`what "${title}" does`, async () => {
      await cell.locator('.view-line').last().click();
      await page.keyboard.press('Control+.');
      const action = menu.locator('.action', { hasText: title }).first();
      try {
        await action.waitFor({ timeout: 5000 });
        assert.ok(!leaksAny(await menu.innerText()), 'a title shows the key');
        await workbench.shot(`notebook-2-${title.split(' ')[0]}`);
        await action.click({ timeout: 5000 });
      } catch (error) {
        assert.notEqual(error.code, 'ERR_ASSERTION', error.message);
        await page.keyboard.press('Escape');
        return false;
      }
      return until('it', done, 10_000).then(() => true, () => say(`"${title}" did nothing`));
    });
  };
  await choose(cells.nth(1), 'output', async () => (await cells.nth(1).locator('[class*="squiggly-"]').count()) === 0);
  await errors(1);
  await choose(cells.nth(0), 'Move to .env', async () => (await cells.nth(0).innerText()).includes('OPENAI_API_KEY'));
  await page.keyboard.press('Control+S');
  await errors(0);
  // The editor empties the file before it writes it.
  const saved = await until('the notebook to be saved', () => {
    const text = fs.readFileSync(file, 'utf8');
    return text.trimEnd().endsWith('}') && !leaksAny(text) && JSON.parse(text);
  });
  assert.deepEqual(saved.cells.map((it) => it.id), ['one', 'two'], 'the cells are others');
  assert.deepEqual(saved.cells[1].outputs, [], 'the output is there');
  assert.equal([saved.cells[1].source].flat().join(''), 'print("the key is", api_key)');
  assert.equal(values(path.join(workspace, '.env')).OPENAI_API_KEY, key, 'the key is not in .env');
  await workbench.shot('notebook-3-clean');
  say('the output was cleared, and the key moved');

  // What was marked goes with the notebook.
  await page.keyboard.press('Control+Z');
  await errors(1);
  await workbench.command('View: Revert and Close Editor');
  await page.locator('.notebookOverlay:visible').waitFor({ state: 'detached', timeout: WAIT });
  await errors(0);
  say('a closed notebook has no marks');
}
