// A rotation runs in a terminal: it says what it does, and asks there. No value passes through here.

const vscode = require('vscode');

// What is rotated: a variable that the server named, the variable of a key in the view, or the user's choice.
async function choose(keys, what) {
  if (typeof what === 'string') {
    return what;
  }
  if (what?.variable) {
    return what.variable;
  }
  const all = (await keys.all()).filter(({ variable }) => variable);
  if (all.length === 0) {
    throw new Error('no env file of this workspace holds a key');
  }
  const rows = all.map(({ variable, name, redacted }) => ({ label: variable, description: `${name} ${redacted}` }));
  const row = await vscode.window.showQuickPick(rows, { title: 'Which key gets a new value?', matchOnDescription: true });
  return row?.label;
}

/** Starts `aikeys-lsp rotate NAME` where the user can answer. */
async function rotate({ server }, keys, what, uri) {
  if (!vscode.workspace.isTrusted) {
    throw new Error('nothing is started in a folder that you do not trust');
  }
  const name = await choose(keys, what);
  if (!name) {
    return;
  }
  const place = uri ?? what?.places?.[0]?.uri;
  const folder = (place && vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(place))) ?? vscode.workspace.workspaceFolders?.[0];
  if (!folder) {
    throw new Error('open a folder first: the key stands in its .env');
  }
  const execution = new vscode.ProcessExecution(server(), ['rotate', name], { cwd: folder.uri.fsPath });
  const task = new vscode.Task({ type: 'aikeys-rotate' }, folder, `rotate ${name}`, 'aikeys', execution, []);
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, focus: true, panel: vscode.TaskPanelKind.Dedicated };
  await vscode.tasks.executeTask(task);
}

module.exports = { rotate };
