// The page of `aikeys-lsp inventory --format html` in a real browser: it shows every row, sorts, finds, and asks nobody.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'aikeys-lsp-tests');
const require = createRequire(import.meta.url);
const { chromium } = require(path.join(cache, 'playwright/node_modules/playwright-core'));

const letters = (count) => [...crypto.randomBytes(count)].map((byte) => 'abcdefghijklmnopqrstuvwxyz0123456789'[byte % 36]).join('');
const key = `sk-proj-${letters(74)}T3Blbk${'FJ'}${letters(74)}`;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aikeys-inventory-'));
try {
  const write = (name, text) => fs.writeFileSync(path.join(folder, name), text);
  write('.env', `OPENAI_API_KEY=${key}\nMISTRAL_API_KEY="ref+vault://secret/app#/<b>X</b>"\n`);
  write('app.py', 'import os\n\nkeys = os.environ["OPENAI_API_KEY"], os.environ["MISTRAL_API_KEY"], os.environ["GROQ_API_KEY"]\n');
  write('CODEOWNERS', '* @<script>window.broken=1</script>\n');
  const env = { ...process.env, HOME: folder };
  execFileSync('git', ['init', '-q'], { cwd: folder, env });
  const page = path.join(folder, 'keys.html');
  execFileSync(process.env.AIKEYS_LSP_BIN, ['inventory', '--format', 'html', '--output', page], { cwd: folder, env });
  assert(!fs.readFileSync(page, 'utf8').includes(key.slice(20, 60)), 'the page holds a key');

  const browser = await chromium.launch({
    executablePath: fs.realpathSync(path.join(cache, 'chromium')),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  try {
    const tab = await browser.newPage({ viewport: { width: 1500, height: 700 } });
    const problems = [];
    tab.on('pageerror', (error) => problems.push(error.message));
    tab.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    tab.on('request', (request) => request.url().startsWith('file:') || problems.push(`asks ${request.url()}`));
    await tab.goto(pathToFileURL(page).href);
    const first = () => tab.$$eval('tbody tr:not([hidden]) td:first-child', (cells) => cells.map((it) => it.textContent));
    assert.equal((await first()).length, 3);
    const sorted = async (down) => {
      await tab.click('th button >> text=provider');
      const names = (await first()).join();
      const wanted = (await first()).sort();
      assert.equal(names, (down ? wanted.reverse() : wanted).join());
    };
    await sorted(false);
    await sorted(true);
    await tab.fill('#find', 'groq');
    assert.deepEqual(await first(), ['Groq']);
    assert.equal(await tab.$$eval('svg[role=img] rect', (bars) => bars.length > 3), true, 'two charts with bars');
    assert.equal(await tab.evaluate(() => window.broken), undefined, 'an owner is no script');
    assert.deepEqual(problems, []);
    fs.mkdirSync(path.join(cache, 'shots'), { recursive: true });
    await tab.fill('#find', '');
    await tab.screenshot({ path: path.join(cache, 'shots/inventory.png') });
  } finally {
    await browser.close();
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
console.log('the page shows, sorts and finds');
