// The pictures of the READMEs, in shots/: made when they are asked for by name, and looked at by a person.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { anthropicKey, groqKey, leaksAny, openaiKey, say, until, WAIT, write } from './tools.mjs';

function makeWorkspace(folder) {
  const keys = { openai: openaiKey(), anthropic: anthropicKey(), groq: groqKey() };
  const git = (...args) => execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { stdio: 'pipe' });
  git('init', '-q');
  write(folder, {
    'chat.py': `from openai import OpenAI\n\nclient = OpenAI(api_key="${keys.openai}")\n\n\ndef answer(question: str) -> str:\n    reply = client.responses.create(model="gpt-5", input=question)\n    return reply.output_text\n`,
    'requirements.txt': 'openai\npython-dotenv\n',
    '.gitignore': '.env\n',
  });
  git('add', '.');
  git('commit', '-q', '-m', 'A first try');
  git('update-ref', 'refs/remotes/origin/main', 'HEAD');
  write(folder, {
    'summary.js': `import Anthropic from "@anthropic-ai/sdk";\n\nconst client = new Anthropic({ apiKey: "${keys.anthropic}" });\n`,
    'package.json': { dependencies: { '@anthropic-ai/sdk': '1', dotenv: '17' } },
    '.env': `GROQ_API_KEY="${keys.groq}"\n`,
  });
  return keys;
}

// Puts dots in the place of what is secret, as long as that was.
function mask(page) {
  return page.evaluate(() => {
    for (const line of document.querySelectorAll('.view-line')) {
      const nodes = [];
      for (const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT); walker.nextNode(); ) {
        nodes.push(walker.currentNode);
      }
      const hide = (_, prefix, secret) => prefix + '•'.repeat(secret.length);
      // A long literal is drawn in several pieces.
      const text = nodes.map((node) => node.data).join('').replaceAll(/(sk-proj-|sk-ant-|gsk_)([\w-]+)/g, hide);
      let at = 0;
      for (const node of nodes) {
        const { length } = node.data;
        node.data = text.slice(at, at + length);
        at += length;
      }
    }
  });
}

async function picture(workbench, name) {
  const { page } = workbench;
  await page.mouse.move(5, 5);
  await mask(page);
  await workbench.shot(name);
  const text = await page.evaluate(() => document.body.innerText);
  assert.ok(!leaksAny(text.replaceAll(/\s/g, '')), 'the picture shows a key');
}

export async function pictures({ place, workspace, server }) {
  const keys = makeWorkspace(workspace);
  place.settings(server, {
    'editor.minimap.enabled': false, 'window.commandCenter': false, 'workbench.layoutControl.enabled': false,
    'breadcrumbs.enabled': false, 'git.blame.statusBarItem.enabled': false, 'diffEditor.renderSideBySide': false, 'explorer.autoReveal': false,
  });
  const workbench = await place.window(workspace, path.join(workspace, 'chat.py'));
  const { page } = workbench;
  await page.setViewportSize({ width: 1080, height: 600 });
  await page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
  await page.keyboard.press('Control+Shift+M');
  await page.locator('.markers-panel .monaco-list-row', { hasText: 'hardcoded-ai-key' }).first().waitFor({ timeout: WAIT });
  await workbench.command('View: Toggle Primary Side Bar Visibility');
  await workbench.actions(keys.openai);
  // Again by the keyboard: the menu lies under the line then.
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+.');
  const menu = page.locator('.action-widget:visible').first();
  await menu.locator('.action', { hasText: 'Move to' }).first().waitFor({ timeout: WAIT });
  await picture(workbench, 'readme-fix');
  await menu.locator('.action', { hasText: 'Move to .env' }).first().click();
  await until('the edit', async () => (await workbench.text()).includes('OPENAI_API_KEY'));
  await page.keyboard.press('Control+S');
  await workbench.command('View: Hide Panel');
  await workbench.clearToasts();

  await workbench.command('View: Toggle Primary Side Bar Visibility');
  await page.locator('.explorer-folders-view').waitFor({ timeout: WAIT });
  await page.locator('.pane-header[aria-label*="Folders"], .pane-header[aria-label*="workspace"]').first().click();
  const { header, rows } = workbench.view('AI Keys');
  await header.click();
  await rows.filter({ hasText: 'Groq' }).first().waitFor({ timeout: WAIT });
  for (const row of await rows.filter({ hasText: '…' }).all()) {
    await row.locator('.monaco-tl-twistie').click();
  }
  await workbench.command('Git: Open Changes');
  await page.locator('.monaco-diff-editor .view-line', { hasText: 'environ' }).first().waitFor({ timeout: WAIT });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await picture(workbench, 'readme-keys');
  say('readme-fix.png and readme-keys.png are in shots/');
}
