// A window of the workbench: mouse and keyboard, as a user has them.

import assert from 'node:assert/strict';
import path from 'node:path';
import { leaks, leaksAny, say, until, WAIT } from './tools.mjs';

export class Workbench {
  constructor(page, shots) {
    this.page = page;
    this.shots = shots;
  }

  async ready() {
    await this.page.locator('.monaco-workbench').waitFor({ timeout: WAIT });
  }

  async shot(name) {
    await this.page.screenshot({ path: path.join(this.shots, `${name}.png`) });
  }

  // Types into the box at the top and picks the row: the first row may still be an older list's.
  async pick(keys, text, row, asksMore = false) {
    const found = this.page.locator('.quick-input-list .monaco-list-row', { hasText: row }).first();
    // The list shows what there was when it opened: a command that is registered later comes with the next one.
    await until(`${row} in the list`, async () => {
      await this.page.keyboard.press(keys);
      await this.page.locator('.quick-input-widget input').first().fill(text);
      try {
        await found.click({ timeout: 10_000 });
        return true;
      } catch {
        await this.page.keyboard.press('Escape');
        return false;
      }
    });
    if (!asksMore) {
      await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden', timeout: WAIT });
    }
  }

  async choose(row) {
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: row }).first().click({ timeout: WAIT });
  }

  async debug(name) {
    await this.pick('F1', '>Debug: Select and Start Debugging', 'Debug: Select and Start Debugging', true);
    await this.choose(name);
  }

  async command(title) {
    await this.pick('F1', `>${title}`, title);
  }

  async open(name) {
    await this.pick('Control+P', name, name);
    await this.page.locator('.tab.active', { hasText: name }).waitFor({ timeout: WAIT });
  }

  // The editor's text; blanks are drawn as no-break spaces.
  async text() {
    const text = await this.page.locator('.editor-instance .view-lines').first().innerText();
    return text.replaceAll('\u00a0', ' ');
  }

  // The start of the literal: the key is longer than the window is wide.
  literal(key) {
    return this.page.locator('.view-line span > span', { hasText: key.slice(0, 12) }).first();
  }

  squiggles() {
    return this.page.locator('.squiggly-error').count();
  }

  // The menu of the light bulb. While the workbench starts, it may close again.
  async actions(key) {
    await this.literal(key).click({ position: { x: 40, y: 8 } });
    // In the gutter or beside the text, as there is room. The Problems panel has one of its own.
    const bulbs = ['.lightBulbWidget', '[class*="codicon-gutter-lightbulb"]'];
    const bulb = this.page.locator(bulbs.map((bulb) => `.editor-instance ${bulb}:visible`).join(', ')).first();
    const menu = this.page.locator('.action-widget:visible').first();
    const titles = await until('the menu of the light bulb', async () => {
      // Where the bulb was scrolled away, its key opens the menu as well.
      await bulb.click({ timeout: 5000 }).catch(() => this.page.keyboard.press('Control+.'));
      await menu.locator('.action', { hasText: 'Move to' }).first().waitFor({ timeout: 5000 }).catch(() => {});
      return menu.innerText({ timeout: 1000 }).then((text) => text.includes('Move to') && text, () => false);
    });
    return { menu, titles };
  }

  // Marks, hover, light bulb and the move, in the file that is open.
  async move(name, key, variable) {
    const { page } = this;
    await page.locator('.squiggly-error').first().waitFor({ timeout: WAIT });
    say(`${name}: squiggle`);

    await this.literal(key).hover({ position: { x: 40, y: 8 } });
    const hover = page.locator('.monaco-hover:visible', { hasText: 'hardcoded-ai-key' }).first();
    await hover.waitFor({ timeout: WAIT });
    const shown = await hover.innerText();
    assert.ok(!leaks(shown, key), 'the hover shows the key');
    await this.shot(`${name}-1-hover`);
    await page.mouse.move(5, 5);

    const { menu, titles } = await this.actions(key);
    for (const title of ['Move to .env', 'Ignore with a reason']) {
      assert.ok(titles.includes(title), `the light bulb has no "${title}": ${titles}`);
    }
    assert.ok(!leaks(titles, key), 'a title shows the key');
    await this.shot(`${name}-2-actions`);
    await menu.locator('.action', { hasText: 'Move to .env' }).first().click();

    await until('the edit', async () => (await this.text()).includes(variable));
    await until('the squiggle to go', async () => (await this.squiggles()) === 0);
    await page.locator('.tab.active.dirty').waitFor({ timeout: WAIT });
    await this.shot(`${name}-3-moved`);
    say(`${name}: moved`);
  }

  async save() {
    await this.page.keyboard.press('Control+S');
    await until('the file to be saved', async () => (await this.page.locator('.tab.dirty').count()) === 0);
  }

  // A message at the lower right.
  async toast(text) {
    const toast = this.page.locator('.notification-toast', { hasText: text }).first();
    await toast.waitFor({ timeout: WAIT });
    assert.ok(!leaksAny(await toast.innerText()), 'a message shows a key');
    return toast;
  }

  async clearToasts() {
    await this.command('Notifications: Clear All Notifications');
  }

  // What the language status says of us: it is behind the braces in the status bar.
  async status() {
    const item = this.page.locator('[id="status.languageStatus"] a').first();
    await item.waitFor({ timeout: WAIT });
    const hover = this.page.locator('.hover-language-status', { hasText: 'aikeys' }).first();
    const text = await until('the language status', async () => {
      await this.page.mouse.move(5, 5);
      await item.hover();
      return hover.waitFor({ timeout: 3000 }).then(() => hover.innerText(), () => false);
    });
    return text.replaceAll(/\s+/g, ' ');
  }

  // Closes the active tab without keeping what is in it.
  async closeUntitled() {
    await this.command('View: Revert and Close Editor');
    await this.page.locator('.tab', { hasText: 'Untitled' }).waitFor({ state: 'detached', timeout: WAIT });
  }

  // A section of the side bar with its rows.
  view(title) {
    const pane = this.page.locator('.pane', { has: this.page.locator(`.pane-header[aria-label*="${title}"]`) }).first();
    return { header: pane.locator('.pane-header').first(), rows: pane.locator('.monaco-list-row'), pane };
  }
}
