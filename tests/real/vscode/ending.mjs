// A server that ends, that is not there, or that ends each time; two windows.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { openaiKey, running, say, until, WAIT, write } from './tools.mjs';

export async function ending({ place, folder, workspace, server, binary }) {
  execFileSync('git', ['init', '-q', workspace]);
  write(workspace, {
    'app.py': `import os\n\napi_key = "${openaiKey()}"\n`,
    'long.py': '# a comment\n'.repeat(20_000),
  });
  place.settings(server);
  const app = path.join(workspace, 'app.py');
  const workbench = await place.window(workspace, app);
  const { page } = workbench;
  const marked = () => page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
  const one = (except) => until('a server', () => {
    const [pid, more] = running(server);
    return pid && !more && pid !== except && pid;
  });
  const down = async (text) => {
    const toast = await workbench.toast(text);
    const status = await workbench.status();
    assert.match(status, /aikeys: the server is down/, status);
    await page.mouse.move(5, 5);
    return toast;
  };

  await marked();
  const first = await one();
  process.kill(Number(first), 'SIGKILL');
  await one(first);
  await marked();
  // The first marks may be those of the old one.
  await until('the count', async () => /aikeys: 1 finding/.test(await workbench.status()));
  say('killed: started again, and the finding is back');

  // Killed while much is being written to it: a file of more than a pipe holds, and what is typed after it.
  const second = await one();
  process.kill(Number(second), 'SIGSTOP');
  await workbench.open('long.py');
  await page.locator('.view-line').first().click();
  await page.keyboard.type('# typed while it sleeps', { delay: 50 });
  process.kill(Number(second), 'SIGKILL');
  await one(second);
  await workbench.command('File: Revert File');
  await workbench.open('app.py');
  await marked();
  say('killed while it was written to: started again');

  // A program that ends at once, each time.
  const broken = path.join(folder, 'broken');
  const starts = path.join(folder, 'starts');
  write(folder, { broken: `#!/bin/sh\necho start >> '${starts}'\nexit 3\n` });
  fs.chmodSync(broken, 0o755);
  place.settings(broken); // a change of the setting starts it
  await down('ended 5 times within three minutes');
  await until('the findings to go', async () => (await page.locator('.squiggly-error').count()) === 0);
  assert.equal(fs.readFileSync(starts, 'utf8').split('\n').filter(Boolean).length, 5, 'starts of a broken server');
  await workbench.shot('down');
  await workbench.clearToasts();
  say('a server that ends each time is given up after five times');

  // A setting that names nothing, changed while the server is down.
  place.settings(path.join(folder, 'nowhere'));
  await down('aikeys.server.path names no program');
  await workbench.clearToasts();
  place.settings(server);
  await one();
  await marked();
  say('a wrong path is told, and a right one is taken at once');

  // The program goes away while it runs.
  fs.unlinkSync(server);
  await workbench.command('aikeys: Restart Server');
  const toast = await down('names no program');
  fs.symlinkSync(binary, server);
  await toast.locator('.monaco-button', { hasText: 'Restart' }).click();
  await one();
  await marked();
  // Restarts that overtake each other leave one.
  await workbench.command('aikeys: Restart Server');
  await workbench.command('aikeys: Restart Server');
  await marked();
  await until('one server', () => running(server).length === 1);
  say('restarted from the message, and twice at once');

  const other = await place.window(workspace, app);
  await other.page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
  const both = running(server);
  assert.equal(both.length, 2, 'a server for each window');
  await other.page.goto('about:blank');
  await until('one server', () => running(server).length === 1);
  assert.ok(both.includes(running(server)[0]));
  await marked();
  say('each window has a server of its own');
}
