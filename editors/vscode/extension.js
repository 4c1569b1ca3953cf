// Starts the server and stops it. All findings and fixes are the server's work, and so are its
// commands, which the client library registers.

const vscode = require('vscode');
const { LanguageClient, RevealOutputChannelOn } = require('vscode-languageclient/node');
const { debugProvider, taskProvider } = require('./run.js');
const { findServer } = require('./server.js');

let client;
// Starts and stops run one after the other: two at once would leave a server behind.
let queue = Promise.resolve();

// One list for what wakes the extension and what the server is told about: the one in package.json.
// `.env` files count under whatever language other extensions give to them.
function documentSelector(manifest) {
  const languages = manifest.activationEvents
    .filter((event) => event.startsWith('onLanguage:'))
    .map((event) => ({ scheme: 'file', language: event.slice('onLanguage:'.length) }));
  return [...languages, { scheme: 'file', pattern: '**/.env*' }];
}

function server(context) {
  return findServer({
    environment: process.env,
    setting: vscode.workspace.getConfiguration('aikeys').get('server.path'),
    extension: context.extensionPath,
  });
}

// The stores that a workspace names count only where its user said yes to it. Where workspace trust
// is switched off nobody was asked; `aikeys-lsp trust` is the way then.
function isTrusted() {
  return vscode.workspace.isTrusted && vscode.workspace.getConfiguration('security.workspace.trust').get('enabled', true);
}

function newClient(context, log) {
  const command = server(context);
  log.info(`starting ${command}`);
  return new LanguageClient(
    'aikeys',
    'aikeys',
    { command, args: ['--stdio'] },
    {
      documentSelector: documentSelector(context.extension.packageJSON),
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: { aikeys: { workspaceTrusted: isTrusted() } },
    },
  );
}

async function stop() {
  const old = client;
  client = undefined;
  // One that does not end in time is ended by the client library. The next one is started all the same.
  await old?.dispose().catch(() => {});
}

async function start(context, log) {
  await stop();
  client = newClient(context, log);
  await client.start();
}

function restart(context, log) {
  queue = queue.then(() => start(context, log)).catch((error) => {
    // Not awaited: the message stays until the user closes it, and the next start must not wait.
    report(error, log);
  });
  return queue;
}

async function report(error, log) {
  log.error(error);
  const choice = await vscode.window.showErrorMessage(`aikeys: ${error.message}`, 'Show Logs');
  if (choice) {
    log.show();
  }
}

function activate(context) {
  const log = vscode.window.createOutputChannel('aikeys', { log: true });
  const parts = { log, server: () => server(context), trust: () => (isTrusted() ? ['--trust-workspace'] : []) };
  context.subscriptions.push(
    log,
    vscode.debug.registerDebugConfigurationProvider('*', debugProvider(parts)),
    vscode.tasks.registerTaskProvider('aikeys-run', taskProvider(parts)),
    vscode.commands.registerCommand('aikeys.restart', () => restart(context, log)),
    vscode.commands.registerCommand('aikeys.showLogs', () => log.show()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => restart(context, log)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (['aikeys.server.path', 'security.workspace.trust.enabled'].some((it) => change.affectsConfiguration(it))) {
        restart(context, log);
      }
    }),
  );
  return restart(context, log);
}

function deactivate() {
  queue = queue.then(stop);
  return queue;
}

module.exports = { activate, deactivate };
