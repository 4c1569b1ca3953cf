// Puts the parts together. All findings and fixes are the server's work, and so are its commands,
// which the client library registers.

const vscode = require('vscode');
const { Server, trust } = require('./client.js');
const commands = require('./commands.js');
const { Findings } = require('./findings.js');
const { Keys } = require('./keys.js');
const { offerToAgents } = require('./mcp.js');
const { rotate } = require('./rotate.js');
const { debugProvider, runWithReferences, taskProvider } = require('./run.js');
const { showStatus } = require('./status.js');

let server;

// Carried out here when the server's lenses and actions name them.
const OURS = ['aikeys.showPlaces', 'aikeys.clearOutput', 'aikeys.rotate'];

function activate(context) {
  const log = vscode.window.createOutputChannel('aikeys', { log: true });
  context.subscriptions.push(log);
  server = new Server(context, log, OURS);
  const findings = new Findings(context.subscriptions);
  const keys = new Keys(context, server, findings, log);
  showStatus(context, server, findings);
  offerToAgents(context, server);

  const parts = { log, server: () => server.find().command, trust: () => (trust() ? ['--trust-workspace'] : []) };
  // What fails is told in our words; VS Code would add nothing to it.
  const command = (name, run) =>
    vscode.commands.registerCommand(name, async (...args) => {
      try {
        return await run(...args);
      } catch (error) {
        log.error(error);
        vscode.window.showErrorMessage(`aikeys: ${error.message}`);
        return undefined;
      }
    });
  context.subscriptions.push(
    vscode.debug.registerDebugConfigurationProvider('*', debugProvider(parts)),
    vscode.tasks.registerTaskProvider('aikeys-run', taskProvider(parts)),
    command('aikeys.restart', () => server.restart()),
    command('aikeys.showLogs', () => log.show()),
    command('aikeys.debugInformation', () => commands.debugInformation(context, server)),
    command('aikeys.chooseStore', () => commands.chooseStore(server)),
    command('aikeys.moveEverywhere', () => commands.moveEverywhere()),
    command('aikeys.run', () => runWithReferences(parts)),
    command('aikeys.keys.refresh', () => keys.refresh()),
    command('aikeys.openPlace', (uri, range) => commands.openPlace(uri, range)),
    command('aikeys.showPlaces', (...args) => commands.showPlaces(server, ...args)),
    command('aikeys.clearOutput', (cell) => commands.clearOutput(cell)),
    command('aikeys.rotate', (what, uri) => rotate(parts, keys, what, uri)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.restart()),
    vscode.workspace.onDidChangeConfiguration((change) => server.settingsChanged(change)),
  );
  return server.restart();
}

function deactivate() {
  return server?.stop();
}

module.exports = { activate, deactivate };
