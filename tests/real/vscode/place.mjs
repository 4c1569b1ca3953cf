// The packed extension, and a VS Code workbench that a browser shows.

import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cache, freePort, repository, require, say, tool, until } from './tools.mjs';
import { Workbench } from './workbench.mjs';

export const shots = path.join(cache, 'shots');

/** The environment of a user whose home is this folder. */
export function environment(folder, more = {}) {
  return {
    ...process.env,
    HOME: folder,
    XDG_CONFIG_HOME: path.join(folder, 'config'),
    XDG_DATA_HOME: path.join(folder, 'data'),
    XDG_STATE_HOME: path.join(folder, 'state'),
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    PATH: `${tool('node/bin')}${path.delimiter}${process.env.PATH}`,
    // No gallery: nothing is looked up outside.
    EXTENSIONS_GALLERY: '{"serviceUrl":"","itemUrl":"","resourceUrlTemplate":""}',
    ...more,
  };
}

// Bundles and packages a copy of editors/vscode, so that the repository's folder stays clean.
export function packageExtension(folder) {
  const copy = path.join(folder, 'extension-source');
  const ours = ['node_modules', 'dist', 'bundled'];
  fs.cpSync(path.join(repository, 'editors', 'vscode'), copy, {
    recursive: true,
    filter: (file) => !ours.includes(path.basename(file)) && !file.endsWith('.vsix'),
  });
  fs.symlinkSync(tool('vscode-client/node_modules'), path.join(copy, 'node_modules'));
  const vsix = path.join(folder, 'aikeys.vsix');
  const options = { cwd: copy, env: environment(folder), stdio: ['ignore', 'pipe', 'pipe'] };
  const flags = ['--allow-missing-repository', '--no-rewrite-relative-links', '-o', vsix];
  execFileSync(tool('vsce/node_modules/.bin/vsce'), ['package', ...flags], options);
  const listing = execFileSync('python3', ['-m', 'zipfile', '-l', vsix], { encoding: 'utf8' });
  const files = listing.split('\n').slice(1).map((line) => line.split(/\s/)[0]).filter(Boolean).sort();
  assert.deepEqual(files, [
    '[Content_Types].xml',
    'extension.vsixmanifest',
    'extension/LICENSE.md',
    'extension/changelog.md',
    'extension/dist/extension.js',
    'extension/package.json',
    'extension/readme.md',
    'extension/walkthrough/agents.md',
    'extension/walkthrough/ci.md',
    'extension/walkthrough/find.md',
    'extension/walkthrough/fix.md',
  ]);
  say(`packaged ${files.length} files, ${Math.round(fs.statSync(vsix).size / 1024)} KiB`);
  return vsix;
}

const SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'chat.disableAIFeatures': true,
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  // `.env` is ignored by git, and is opened by name all the same.
  'search.useIgnoreFiles': false,
  // What a terminal shows is text in the page then.
  'terminal.integrated.gpuAcceleration': 'off',
  // As on a desktop: nothing is saved before the user saves it.
  'files.autoSave': 'off',
  'security.workspace.trust.startupPrompt': 'never',
};

/** code-server and a browser, for several scenarios: each has a page, and so a window, of its own. */
export class Place {
  #children = [];
  #pages = [];

  constructor(folder) {
    this.folder = folder;
    this.data = path.join(folder, 'user-data');
  }

  async start(...extensions) {
    const places = ['--user-data-dir', this.data, '--extensions-dir', path.join(this.folder, 'extensions')];
    this.settings();
    const program = [tool('code-server/lib/node_modules/code-server/out/node/entry.js')];
    // The server is named by a setting, a different one in each scenario.
    const env = environment(this.folder, { AIKEYS_LSP_PATH: undefined });
    const wanted = extensions.flatMap((vsix) => ['--install-extension', vsix]);
    await promisify(execFile)(tool('node/bin/node'), [...program, ...places, ...wanted], { env });

    const port = await freePort();
    const log = fs.openSync(path.join(this.folder, 'code-server.log'), 'w');
    const flags = [
      '--config', '/dev/null', '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`,
      '--disable-telemetry', '--disable-update-check', '--disable-getting-started-override',
      '--disable-proxy',
    ];
    const child = spawn(tool('node/bin/node'), [...program, ...flags, ...places], {
      env,
      detached: true, // a process group of its own, to end it whole
      stdio: ['ignore', log, log],
    });
    this.#children.push(child);
    this.address = `http://127.0.0.1:${port}`;
    const { chromium } = require(tool('playwright/node_modules/playwright-core'));
    this.browser = await chromium.launch({
      executablePath: fs.realpathSync(tool('chromium')),
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
      ],
    });
    await until('code-server', () => fetch(`${this.address}/healthz`).then((reply) => reply.ok, () => false));
  }

  /** The user's settings, and those of the machine, which name the server. */
  settings(server = '', more = {}) {
    const files = { User: { ...SETTINGS, 'security.workspace.trust.enabled': false, ...more }, Machine: server ? { 'aikeys.server.path': server } : {} };
    for (const [name, content] of Object.entries(files)) {
      fs.mkdirSync(path.join(this.data, name), { recursive: true });
      fs.writeFileSync(path.join(this.data, name, 'settings.json'), JSON.stringify(content, null, 2));
    }
  }

  /** What the user's settings hold by now. */
  userSettings() {
    return JSON.parse(fs.readFileSync(path.join(this.data, 'User', 'settings.json'), 'utf8'));
  }

  /** A window of a folder or a workspace file, with a file in it opened. */
  async window(workspace, file) {
    const page = await this.browser.newPage({ viewport: { width: 1280, height: 800 } });
    this.#pages.push(page);
    // Leaving a page with unsaved files asks.
    page.on('dialog', (dialog) => dialog.accept().catch(() => {}));
    const kind = workspace.endsWith('.code-workspace') ? 'workspace' : 'folder';
    const opened = file && [['openFile', `vscode-remote://${new URL(this.address).host}${file}`]];
    const payload = opened ? `&payload=${encodeURIComponent(JSON.stringify(opened))}` : '';
    await page.goto(`${this.address}/?${kind}=${workspace}${payload}`);
    const workbench = new Workbench(page, shots);
    await workbench.ready();
    return workbench;
  }

  /** Leaves the windows as a user does, so that their servers end. */
  async leave() {
    for (const page of this.#pages.splice(0)) {
      await page.goto('about:blank').catch(() => {});
      await page.close().catch(() => {});
    }
  }

  /** The last state, for people. */
  async failure() {
    await this.#pages.at(-1)?.screenshot({ path: path.join(shots, 'failure.png') }).catch(() => {});
    const log = path.join(this.folder, 'code-server.log');
    if (fs.existsSync(log)) {
      fs.copyFileSync(log, path.join(shots, 'failure.log'));
    }
    const ours = this.logs().filter((name) => name.endsWith('aikeys.log')).sort().at(-1);
    if (ours) {
      fs.appendFileSync(path.join(shots, 'failure.log'), fs.readFileSync(ours));
    }
  }

  logs() {
    const folder = path.join(this.data, 'logs');
    const names = fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true }) : [];
    return names.map((name) => path.join(folder, name)).filter((name) => fs.statSync(name).isFile());
  }

  async close() {
    await this.browser?.close().catch(() => {});
    this.#signal('SIGTERM');
  }

  kill() {
    this.#signal('SIGKILL');
  }

  #signal(signal) {
    for (const child of this.#children) {
      try {
        process.kill(-child.pid, signal);
      } catch {} // it ended by itself
    }
  }
}
