// The item in the language status: the server's state, its version, and how much it marked.

const vscode = require('vscode');

function number(count, what) {
  return `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`;
}

function showStatus(context, server, findings) {
  const item = vscode.languages.createLanguageStatusItem('aikeys.status', server.selector);
  item.name = 'aikeys';
  item.command = { command: 'aikeys.showLogs', title: 'Show Logs', tooltip: 'The log of the aikeys server' };
  const show = () => {
    item.busy = server.state === 'starting';
    item.severity = vscode.LanguageStatusSeverity[server.state === 'down' ? 'Error' : 'Information'];
    if (server.state === 'running') {
      const trusted = vscode.workspace.isTrusted ? '' : ', restricted: keys move to .env only';
      item.text = `aikeys: ${number(findings.count, 'finding')}`;
      item.detail = `server ${server.version ?? 'without a version'}${trusted}`;
    } else {
      item.text = server.state === 'down' ? 'aikeys: the server is down' : 'aikeys: starting';
      item.detail = server.reason;
    }
    item.accessibilityInformation = { label: `${item.text}, ${item.detail}` };
  };
  show();
  context.subscriptions.push(item, server.onDidChange(show), findings.onDidChange(show));
}

module.exports = { showStatus, number };
