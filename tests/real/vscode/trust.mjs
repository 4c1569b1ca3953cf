// A folder that is not trusted, and then is.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { environment } from './place.mjs';
import { openaiKey, say, until, WAIT, write } from './tools.mjs';

// Restricted mode first: the store that the folder names is no place for a key before the user trusts the folder.
export async function trust({ place, workspace, server }) {
  const key = openaiKey();
  let connections = 0;
  const store = net.createServer((socket) => { connections += 1; socket.destroy(); }).listen(0, '127.0.0.1');
  await until('a port', () => store.address());
  const address = `http://127.0.0.1:${store.address().port}`;
  execFileSync('git', ['init', '-q', workspace]);
  write(workspace, {
    'app.py': `import os\n\napi_key = "${key}"\n`,
    'aikeys.toml': `[stores.vault]\naddress = "${address}"\nmount = "kv"\npath = "theirs"\n`,
  });
  execFileSync(server, ['store', 'init', '--yes'], { cwd: workspace, env: environment(place.folder), stdio: 'pipe' });
  place.settings(server, { 'security.workspace.trust.enabled': true });
  const workbench = await place.window(workspace, path.join(workspace, 'app.py'));
  const { page } = workbench;
  const titles = async () => {
    await page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
    const { titles: all } = await workbench.actions(key);
    await page.keyboard.press('Escape');
    return all;
  };
  const careful = await titles();
  assert.doesNotMatch(careful, /Move to (?!\.env)/, `in restricted mode: ${careful}`);
  await workbench.shot('trust-1-restricted');
  await workbench.command('Workspaces: Manage Workspace Trust');
  await page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first().click({ timeout: WAIT });
  await page.locator('.workspace-trust-editor', { hasText: 'You trust this folder' }).waitFor({ timeout: WAIT });
  await page.locator('.monaco-modal-editor-block [class*="codicon"][class*="close"]').last().click();
  await page.locator('.workspace-trust-editor').waitFor({ state: 'hidden', timeout: WAIT });
  await until('the store of the folder', async () => (await titles()).includes('Move to Vault at kv/theirs'));
  await workbench.shot('trust-2-trusted');
  say('a store of the folder counts once the user trusts the folder');
  store.close();
  assert.equal(connections, 0, 'something was sent to the store that the folder names');
}
