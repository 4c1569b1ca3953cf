// A rotation from the palette and from the action on a key that is overdue: in a terminal, where its user types the new key.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { leaksAny, openaiKey, say, until, WAIT, write } from './tools.mjs';

export async function rotated({ place, workspace, server }) {
  const [old, made] = [openaiKey(), openaiKey()];
  execFileSync('git', ['init', '-q', workspace]);
  // Nobody asks a provider about the keys of a gateway of one's own.
  write(workspace, {
    'aikeys.toml':
      '[[provider]]\nid = "gateway"\nname = "Our gateway"\nenv = "GATEWAY_API_KEY"\n\n' +
      '[[provider.key]]\nid = "gateway.api"\nname = "key"\nformat = "distinctive"\nregex = "gw-[a-f0-9]{32}"\nanchors = ["gw-"]\n' +
      'boundary = "alnum"\nconfidence = "high"\nseverity = "high"\n',
    'aikeys.lock': 'version = 1\n\n[[key]]\nvariable = "GATEWAY_API_KEY"\nprovider = "gateway"\nsince = "2020-01-01"\nrotate-days = 30\n',
    '.env': `GATEWAY_API_KEY=${gateway(old)}\n`,
    '.gitignore': '.env\n',
  });
  place.settings(server);
  const workbench = await place.window(workspace, path.join(workspace, 'aikeys.lock'));
  const { page } = workbench;
  const env = () => fs.readFileSync(path.join(workspace, '.env'), 'utf8');
  const terminals = async () => (await page.locator('.xterm-rows').allInnerTexts()).join('\n').replaceAll('\u00a0', ' ');

  await workbench.command('aikeys: Show Logs'); // the extension is there
  await workbench.pick('F1', '>aikeys: Rotate a Key', 'Rotate a Key', true);
  await workbench.choose('GATEWAY_API_KEY');
  await until('the question for the new key', async () => (await terminals()).includes('it is not shown'));
  assert.ok(env().includes(gateway(old)), 'the key was changed before there is a new one');
  await page.keyboard.type(gateway(made));
  await page.keyboard.press('Enter');
  await until('the new key', () => env() === `GATEWAY_API_KEY=${gateway(made)}\n`);
  await until('the end of the rotation', async () => (await terminals()).includes('the old key stays until'));
  await workbench.shot('rotate');
  const shown = (await terminals()).replaceAll(/\s/g, '');
  assert.ok(!leaksAny(shown) && !shown.includes(gateway(made)), 'the terminal shows a key');
  const lock = fs.readFileSync(path.join(workspace, 'aikeys.lock'), 'utf8');
  assert.ok(!lock.includes('2020-01-01'), lock);
  say('rotated from the palette');

  // The key is overdue again: its action leads to the same rotation.
  write(workspace, { 'aikeys.lock': lock.replace(/since = "[^"]*"/, 'since = "2020-01-01"') });
  await workbench.command('File: Revert File').catch(() => undefined);
  await workbench.open('aikeys.lock');
  const since = page.locator('.view-line', { hasText: 'since' }).first();
  await page.locator('.squiggly-warning').first().waitFor({ timeout: WAIT });
  await since.locator('span > span').last().click();
  const action = page.locator('.action-widget .monaco-list-row', { hasText: 'Rotate GATEWAY_API_KEY…' });
  await until('the action', async () => {
    await page.keyboard.press('Control+.');
    return action.waitFor({ timeout: 3000 }).then(() => true, () => false);
  });
  await workbench.shot('rotate-action');
  await page.keyboard.press('Enter');
  await until('the answer', async () => (await terminals()).includes('has begun already'));
  say('rotated from an overdue key');
}

// A key in the form of the gateway.
function gateway(key) {
  return `gw-${Buffer.from(key).toString('hex').slice(20, 52)}`;
}
