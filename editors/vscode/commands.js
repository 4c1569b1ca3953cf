// What the palette, code lenses and actions call. What is to be done comes from the server; how it
// looks is done here.

const { execFile } = require('node:child_process');
const vscode = require('vscode');
const { setting } = require('./client.js');

async function chooseStore(server) {
  const active = vscode.window.activeTextEditor?.document.uri;
  const stores = await server.request('aikeys.stores', active?.scheme === 'file' ? [active.toString()] : []);
  const chosen = setting('store');
  const rows = stores.map(({ id, label, ready, note }) => ({
    id,
    ready,
    label: `$(${id === chosen ? 'check' : 'blank'}) ${label}`,
    description: ready ? id : `${id} · not set up`,
    detail: note || undefined,
  }));
  rows.push({ id: '', ready: true, label: `$(${chosen ? 'blank' : 'check'}) No preference`, description: 'the server decides' });
  const options = { title: 'Where should keys go first?', matchOnDescription: true, matchOnDetail: true };
  const row = await vscode.window.showQuickPick(rows, options);
  if (!row) {
    return;
  }
  if (!row.ready) {
    vscode.window.showWarningMessage(`aikeys: ${row.id} is not set up${row.detail ? `: ${row.detail}` : ''}`);
    return;
  }
  // Where it is set already; else it is the user's own wish, for all folders.
  const settings = vscode.workspace.getConfiguration('aikeys');
  const target = settings.inspect('store')?.workspaceValue === undefined ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
  await settings.update('store', row.id || undefined, target);
}

// The action is the server's, for the key under the cursor.
function moveEverywhere() {
  return vscode.commands.executeCommand('editor.action.codeAction', { kind: 'quickfix.aikeys.everywhere', apply: 'ifSingle' });
}

function doctor(command, cwd) {
  return new Promise((resolve) => {
    execFile(command, ['doctor'], { cwd, timeout: 60_000, windowsHide: true }, (error, stdout) => {
      // Its exit code says whether something is wrong. What it prints else may name paths.
      resolve(stdout || `aikeys-lsp doctor printed nothing (${error?.code ?? error?.signal ?? 'no error'})`);
    });
  });
}

/** A page for a bug report: no path, no name, no key. */
async function debugInformation(context, server) {
  let found;
  let page;
  try {
    found = server.find();
    page = await doctor(found.command, vscode.workspace.workspaceFolders?.[0]?.uri.fsPath);
  } catch {
    page = 'the server program cannot be found';
  }
  const lines = [
    ['VS Code', `${vscode.version}, ${vscode.env.uiKind === vscode.UIKind.Web ? 'in a browser' : 'on a desktop'}, ${vscode.env.remoteName ? 'remote' : 'local'}`],
    ['extension', context.extension.packageJSON.version],
    ['system', `${process.platform} ${process.arch}`],
    ['server', `${server.state}, version ${server.version ?? 'unknown'}, from ${found?.from ?? 'nowhere'}`],
    ['workspace', `${vscode.workspace.workspaceFolders?.length ?? 0} folders, ${vscode.workspace.isTrusted ? 'trusted' : 'restricted'}`],
    ['aikeys.store', setting('store') || 'no preference'],
  ];
  const content = [...lines.map(([name, value]) => `${name.padEnd(12)} ${value}`), '', page].join('\n');
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'plaintext', content }));
}

function showPlaces(server, uri, position, locations) {
  const { converter } = server;
  if (!converter) {
    return undefined;
  }
  return vscode.commands.executeCommand(
    'editor.action.showReferences',
    converter.asUri(uri),
    converter.asPosition(position),
    locations.map((it) => converter.asLocation(it)),
  );
}

async function openPlace(uri, { start, end }) {
  const selection = new vscode.Range(start.line, start.character, end.line, end.character);
  await vscode.commands.executeCommand('vscode.open', vscode.Uri.parse(uri), { selection, preview: true });
}

/** The same cell without its outputs; not saved, and undone as any other change. */
async function clearOutput(uri) {
  for (const notebook of vscode.workspace.notebookDocuments) {
    const cell = notebook.getCells().find((it) => it.document.uri.toString() === vscode.Uri.parse(uri).toString());
    if (cell) {
      const bare = new vscode.NotebookCellData(cell.kind, cell.document.getText(), cell.document.languageId);
      bare.metadata = cell.metadata;
      const edit = new vscode.WorkspaceEdit();
      edit.set(notebook.uri, [vscode.NotebookEdit.replaceCells(new vscode.NotebookRange(cell.index, cell.index + 1), [bare])]);
      await vscode.workspace.applyEdit(edit);
      return;
    }
  }
}

module.exports = { chooseStore, moveEverywhere, debugInformation, showPlaces, openPlace, clearOutput };
