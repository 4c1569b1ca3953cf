// The life of the server: found, started, asked, and started again when it ended by itself.

const path = require('node:path');
const vscode = require('vscode');
const { LanguageClient, CloseAction, ErrorAction, RevealOutputChannelOn } = require('vscode-languageclient/node');
const { findServer } = require('./server.js');

const ENDS = 5; // so many within SPAN are one too many
const SPAN = 3 * 60_000;
const PATIENCE = 60_000; // for the answer to `initialize`

const NOTEBOOK = 'jupyter-notebook';

// One list for what wakes the extension and what the server is told about: the one in package.json.
// `.env` files count under whatever language other extensions give to them; cells are in notebooks only.
function documentSelector(manifest) {
  const languages = manifest.activationEvents
    .filter((event) => event.startsWith('onLanguage:'))
    .map((event) => ({ scheme: 'file', language: event.slice('onLanguage:'.length) }));
  return [...languages, { scheme: 'file', pattern: '**/.env*' }, { notebook: NOTEBOOK }];
}

// The same in VS Code's words.
function editorSelector(manifest) {
  return documentSelector(manifest).map((it) => (it.notebook ? { notebookType: it.notebook } : it));
}

function setting(name) {
  return vscode.workspace.getConfiguration('aikeys').get(name);
}

// Where workspace trust is switched off nobody was asked: then neither yes nor no is said, and
// `aikeys-lsp trust` is the way for the stores that a workspace names.
function trust() {
  if (!vscode.workspace.isTrusted) {
    return false;
  }
  return vscode.workspace.getConfiguration('security.workspace.trust').get('enabled', true) ? true : undefined;
}

// What goes wrong is logged by the client library and told by us, once.
class Client extends LanguageClient {
  error(message, data) {
    super.error(message, data, false);
  }
}

function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('the server does not answer'), { isLate: true })), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// The collections of marks. The library leaves those of cells that are gone: it waits for the server
// to take them back, which knows files only.
class Marks {
  #collections = new Set();

  constructor(subscriptions) {
    const forget = (cells) => cells.forEach(({ document }) => this.#collections.forEach((it) => it.delete(document.uri)));
    subscriptions.push(
      vscode.workspace.onDidCloseNotebookDocument((notebook) => forget(notebook.getCells())),
      vscode.workspace.onDidChangeNotebookDocument(({ contentChanges }) =>
        contentChanges.forEach(({ removedCells }) => forget(removedCells)),
      ),
    );
  }

  create(name) {
    const collection = vscode.languages.createDiagnosticCollection(name);
    this.#collections.add(collection);
    return collection;
  }

  dispose(collection) {
    this.#collections.delete(collection);
    collection.dispose();
  }
}

class Server {
  #context;
  #log;
  #client;
  #marks;
  #queue = Promise.resolve(); // starts and stops run one after the other: two at once would leave a server behind
  #ends = [];
  #changed = new vscode.EventEmitter();

  onDidChange = this.#changed.event;
  /** `starting`, `running`, `down` */
  state = 'down';
  reason = '';

  constructor(context, log, commands) {
    this.#context = context;
    this.#log = log;
    this.commands = commands; // those that the extension carries out
    this.#marks = new Marks(context.subscriptions);
    context.subscriptions.push(this.#changed);
  }

  get selector() {
    return editorSelector(this.#context.extension.packageJSON);
  }

  get version() {
    return this.state === 'running' ? this.#client?.initializeResult?.serverInfo?.version : undefined;
  }

  get converter() {
    return this.#client?.protocol2CodeConverter;
  }

  find() {
    return findServer({ environment: process.env, setting: setting('server.path'), extension: this.#context.extensionPath });
  }

  /** Asks the server to carry out a command. */
  async request(command, args = [], token = undefined) {
    if (this.state !== 'running') {
      throw new Error('the server is not running');
    }
    // An `undefined` at the end would count as a parameter.
    return this.#client.sendRequest('workspace/executeCommand', { command, arguments: args }, ...(token ? [token] : []));
  }

  /** The user, a setting or a folder's trust wants a new one. */
  restart() {
    this.#ends = [];
    return this.#enqueue(0);
  }

  stop() {
    this.#queue = this.#queue.then(() => this.#dispose());
    return this.#queue;
  }

  settingsChanged(change) {
    if (['aikeys.server.path', 'security.workspace.trust.enabled'].some((it) => change.affectsConfiguration(it))) {
      this.restart();
    } else if (this.state === 'running') {
      if (change.affectsConfiguration('aikeys.store')) {
        const settings = { aikeys: { store: setting('store') } };
        this.#client.sendNotification('workspace/didChangeConfiguration', { settings }).catch(() => {});
      }
      if (change.affectsConfiguration('aikeys.codeLens.enable')) {
        for (const it of this.#client.getFeature('textDocument/codeLens')?.getAllProviders() ?? []) {
          it.onDidChangeCodeLensEmitter.fire();
        }
      }
    }
  }

  #enqueue(pause) {
    this.#queue = this.#queue.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, pause));
      await this.#start();
    });
    return this.#queue;
  }

  async #start() {
    await this.#dispose();
    this.#set('starting');
    let client;
    try {
      client = this.#newClient();
      this.#client = client;
      await within(PATIENCE, client.start());
      // The library calls a start done where the server ended meanwhile.
      if (client === this.#client) {
        this.#set('running');
      }
    } catch (error) {
      if (client && !error.isLate) {
        this.#ended(client);
        await client.dispose().catch(() => {});
      } else {
        await this.#dispose();
        this.#down(error);
      }
    }
  }

  async #dispose() {
    const old = this.#client;
    this.#client = undefined;
    // One that does not end in time is ended by the client library. The next one is started all the same.
    await old?.dispose().catch(() => {});
  }

  #newClient() {
    const variables = this.#context.environmentVariableCollection;
    variables.delete('PATH');
    const { command, from } = this.find();
    this.#log.info(`starting ${command} (${from})`);
    if (from === 'the extension') {
      // Menus name the program: a terminal finds it too, behind one of the user's own.
      variables.description = 'aikeys-lsp, as the extension brings it';
      variables.append('PATH', path.delimiter + path.dirname(command));
    }
    const client = new Client('aikeys', 'aikeys', { command, args: ['--stdio'] }, {
      documentSelector: documentSelector(this.#context.extension.packageJSON),
      outputChannel: this.#log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: () => ({ aikeys: { workspaceTrusted: trust(), store: setting('store'), commands: this.commands, showsErrors: true } }),
      initializationFailedHandler: () => false,
      diagnosticCollectionProvider: this.#marks,
      middleware: {
        provideCodeLenses: (document, token, next) => (setting('codeLens.enable') ? next(document, token) : []),
      },
      errorHandler: {
        // What cannot be written to a server that ended: `closed` follows, and starts it again. A shutdown would
        // count as our own wish, and leave none.
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          this.#ended(client);
          return { action: CloseAction.DoNotRestart, handled: true, message: 'the server ended' };
        },
      },
    });
    return client;
  }

  #ended(client) {
    if (client !== this.#client) {
      return; // we ended it, or it is known
    }
    this.#client = undefined;
    const now = Date.now();
    this.#ends = [...this.#ends.filter((it) => now - it < SPAN), now];
    if (this.#ends.length >= ENDS) {
      this.#down(new Error(`the server ended ${ENDS} times within three minutes and is not started again`));
      return;
    }
    this.#log.warn('the server ended, and is started again');
    this.#set('starting');
    this.#enqueue(500 * (this.#ends.length - 1));
  }

  #set(state, reason = '') {
    this.state = state;
    this.reason = reason;
    vscode.commands.executeCommand('setContext', 'aikeys.down', state === 'down');
    this.#changed.fire();
  }

  // The message is not awaited: it stays until the user closes it, and the next start must not wait.
  async #down(error) {
    this.#set('down', error.message);
    this.#log.error(error);
    const choice = await vscode.window.showErrorMessage(`aikeys: ${error.message}`, 'Restart', 'Show Logs');
    if (choice === 'Restart') {
      this.restart();
    } else if (choice) {
      this.#log.show();
    }
  }
}

module.exports = { Server, NOTEBOOK, setting, trust };
