// The same program as a server for agents: they ask it for findings, and never see a key.

const vscode = require('vscode');

function offerToAgents(context, server) {
  // VS Code has it from 1.101 on.
  if (!vscode.lm?.registerMcpServerDefinitionProvider || !vscode.McpStdioServerDefinition) {
    return;
  }
  const changed = new vscode.EventEmitter();
  const provideMcpServerDefinitions = () => {
    const folder = vscode.workspace.workspaceFolders?.[0];
    if (!vscode.workspace.isTrusted || !folder || server.state !== 'running') {
      return [];
    }
    const { version } = context.extension.packageJSON;
    const definition = new vscode.McpStdioServerDefinition('aikeys', server.find().command, ['mcp'], {}, version);
    definition.cwd = folder.uri;
    return [definition];
  };
  context.subscriptions.push(
    changed,
    server.onDidChange(() => changed.fire()),
    vscode.lm.registerMcpServerDefinitionProvider('aikeys.mcp', {
      onDidChangeMcpServerDefinitions: changed.event,
      provideMcpServerDefinitions,
    }),
  );
}

module.exports = { offerToAgents };
