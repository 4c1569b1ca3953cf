// The view of the workspace's keys: by provider, the most exposed first. The server's answer holds
// no key, and neither does the tree.

const vscode = require('vscode');
const { number } = require('./status.js');

const PAUSE = 500;

// From bad to good.
const EXPOSURES = {
  pushed: { short: 'pushed', says: 'in a commit that was pushed', icon: 'error', color: 'list.errorForeground' },
  committed: { short: 'committed', says: 'in a commit', icon: 'warning', color: 'list.warningForeground' },
  source: { short: 'in the source', says: 'in a file that git does not ignore', icon: 'warning', color: 'list.warningForeground' },
  env: { short: 'env file', says: 'in an env file', icon: 'file' },
  store: { short: 'store', says: 'in a store', icon: 'lock' },
};
const RANKS = Object.keys(EXPOSURES);

const rank = ({ exposure }) => RANKS.indexOf(exposure);
const short = ({ exposure }) => EXPOSURES[exposure]?.short ?? exposure;
const says = ({ exposure }) => EXPOSURES[exposure]?.says ?? exposure;

function icon({ exposure }) {
  const { icon: name, color } = EXPOSURES[exposure] ?? { icon: 'key' };
  return new vscode.ThemeIcon(name, color && new vscode.ThemeColor(color));
}

// The providers with their keys, in the order in which they want attention.
function byProvider(keys) {
  const groups = new Map();
  for (const key of [...keys].sort((one, other) => rank(one) - rank(other))) {
    groups.set(key.name, [...(groups.get(key.name) ?? []), key]);
  }
  return [...groups].map(([name, its]) => ({ kind: 'provider', name, keys: its.map((key) => ({ kind: 'key', ...key })) }));
}

function providerItem({ name, keys }) {
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Expanded);
  item.id = name;
  item.description = `${number(keys.length, 'key')}, ${short(keys[0])}`;
  item.accessibilityInformation = { label: `${name}: ${number(keys.length, 'key')}, the most exposed ${says(keys[0])}` };
  return item;
}

function keyItem(key) {
  const item = new vscode.TreeItem(key.variable ?? key.redacted, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `${key.name} ${key.fingerprint}`;
  item.description = [key.variable && key.redacted, short(key)].filter(Boolean).join(' · ');
  item.iconPath = icon(key);
  item.tooltip = [`${key.name}: ${key.redacted}`, says(key), key.note].filter(Boolean).join('\n');
  item.contextValue = `key.${key.exposure}`;
  const places = number(key.places.length, 'place');
  item.accessibilityInformation = { label: `${key.name}, ${item.label}, ${says(key)}, ${places}` };
  return item;
}

function placeItem({ key, at, uri, range, path }) {
  const [line, column] = [range.start.line + 1, range.start.character + 1];
  const item = new vscode.TreeItem(`${path}:${line}`);
  item.id = `${key.name} ${key.fingerprint} ${at}`;
  const folders = vscode.workspace.workspaceFolders ?? [];
  item.description = folders.length > 1 ? vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(uri))?.name : undefined;
  item.iconPath = vscode.ThemeIcon.File;
  item.resourceUri = vscode.Uri.parse(uri);
  item.tooltip = `${path}, line ${line}`;
  item.contextValue = 'place';
  item.accessibilityInformation = { label: `${path}, line ${line}, column ${column}` };
  item.command = { command: 'aikeys.openPlace', title: 'Open', arguments: [uri, range] };
  return item;
}

class Keys {
  #server;
  #log;
  #view;
  #tree = [];
  #shown = '';
  #stale = true;
  #timer;
  #running;
  #changed = new vscode.EventEmitter();

  onDidChangeTreeData = this.#changed.event;

  constructor(context, server, findings, log) {
    this.#server = server;
    this.#log = log;
    this.#view = vscode.window.createTreeView('aikeys.keys', { treeDataProvider: this, showCollapseAll: true });
    this.#state('waiting');
    const stale = () => this.#soon();
    context.subscriptions.push(
      this.#view,
      this.#changed,
      this.#view.onDidChangeVisibility(() => this.#stale && this.#soon()),
      findings.onDidChange(stale),
      server.onDidChange(stale),
      vscode.workspace.onDidSaveTextDocument(stale),
      vscode.workspace.onDidChangeWorkspaceFolders(stale),
      { dispose: () => clearTimeout(this.#timer) },
    );
  }

  getTreeItem(element) {
    return { provider: providerItem, key: keyItem, place: placeItem }[element.kind](element);
  }

  getChildren(element) {
    if (!element) {
      return this.#tree;
    }
    if (element.kind === 'provider') {
      return element.keys;
    }
    return element.places?.map((place, at) => ({ kind: 'place', key: element, at, ...place }));
  }

  /** Every key of the workspace, as the server says just now. */
  async all() {
    return (await this.#server.request('aikeys.keys', [])).keys;
  }

  // Much changes at once while files are checked; and nobody looks at a view that is hidden.
  #soon() {
    this.#stale = true;
    clearTimeout(this.#timer);
    if (this.#view.visible) {
      this.#timer = setTimeout(() => this.refresh(), PAUSE);
    }
  }

  async refresh() {
    this.#running?.cancel();
    const running = new vscode.CancellationTokenSource();
    this.#running = running;
    this.#stale = false;
    let keys = [];
    let state = this.#server.state === 'down' ? 'down' : 'waiting';
    if (this.#server.state === 'running') {
      try {
        const ask = () => this.#server.request('aikeys.keys', [], running.token);
        ({ keys } = await vscode.window.withProgress({ location: { viewId: 'aikeys.keys' } }, ask));
        state = 'none';
      } catch (error) {
        this.#log.warn(`the keys cannot be listed: ${error.message}`);
        state = 'failed';
      }
    }
    if (this.#running === running) {
      this.#show(keys, state);
    }
  }

  #show(keys, state) {
    this.#state(state);
    const text = JSON.stringify(keys);
    if (text !== this.#shown) {
      this.#shown = text;
      this.#tree = byProvider(keys);
      this.#view.description = keys.length > 0 ? String(keys.length) : undefined;
      this.#changed.fire();
    }
  }

  // Which of the welcome texts is shown where there is no key.
  #state(state) {
    vscode.commands.executeCommand('setContext', 'aikeys.keys', state);
  }
}

module.exports = { Keys };
