// F5 and a task of a program whose variable is a reference.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { environment } from './place.mjs';
import { leaks, openaiKey, say, until, WAIT, write } from './tools.mjs';

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

// Debug sessions and a task of a program whose variable is a reference.
export async function started({ place, workspace, server }) {
  const key = openaiKey();
  const folder = path.join(workspace, 'started');
  execFileSync('git', ['init', '-q', workspace]);
  write(workspace, { 'app.py': 'import os\n' });
  makeStarted(folder, path.join(workspace, '.vscode'));
  place.settings(server);
  const workbench = await place.window(workspace, path.join(workspace, 'app.py'));
  const { page } = workbench;
  const ours = { cwd: workspace, env: environment(place.folder), stdio: ['pipe', 'ignore', 'pipe'] };
  execFileSync(server, ['store', 'init', '--yes'], ours);
  execFileSync(server, ['store', 'put', `${PLACE}DEBUGGED_API_KEY`], { ...ours, input: key });
  const hash = createHash('sha256').update(key).digest('hex');
  const output = (name) => until(`${name}.out`, () => {
    const file = path.join(folder, `${name}.out`);
    return fs.existsSync(file) && fs.readFileSync(file, 'utf8');
  });

  await workbench.command('aikeys: Show Logs'); // the extension is there
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
  assert.ok(!leaks((await terminal.innerText()).replaceAll(/\s/g, ''), key), 'the terminal shows the key');
  say('a terminal shows no key');

  await workbench.debug('refused');
  const dialog = page.locator('.monaco-dialog-box');
  await dialog.waitFor({ timeout: WAIT });
  const refusal = await dialog.innerText();
  assert.match(refusal, /DEBUGGED_API_KEY: ref\+age:.*#\/GONE: there is no such secret/, refusal);
  await workbench.shot('debug-3-refused');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden', timeout: WAIT });
  assert.ok(!fs.existsSync(path.join(folder, 'refused.out')), 'the program was started all the same');
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
