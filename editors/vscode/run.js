// Programs that VS Code starts get what references stand for. The server resolves them; a value goes
// from its output into the environment of the program, and nowhere else.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

const NODE = ['node', 'pwa-node'];
const NATIVE = ['cppdbg', 'cppvsdbg']; // their variables are a list, `environment`

// The server's answer; an error is what it says on stderr, which never holds a value.
function ask(server, args, options, token) {
  return new Promise((resolve, reject) => {
    const child = execFile(server, args, { ...options, maxBuffer: 16 << 20, windowsHide: true }, (error, stdout, stderr) => {
      if (error) {
        reject(new Error(stderr.trim().replace(/^error: /, '') || `${path.basename(server)} cannot be started`));
        return;
      }
      try {
        resolve(JSON.parse(stdout));
      } catch {
        // The parser's own message quotes what it read.
        reject(new Error('the server did not print JSON'));
      }
    });
    token.onCancellationRequested(() => child.kill());
  });
}

// Where the program runs: the server looks for the nearest `.env` from there.
function folderOf(folder, config) {
  const folders = [config.cwd, folder?.uri.fsPath, config.program && path.dirname(config.program)];
  return folders.find((it) => typeof it === 'string' && fs.statSync(it, { throwIfNoEntry: false })?.isDirectory());
}

// Some debuggers name a file that need not be there.
function fileOf(config) {
  const named = [config.envFile].flat().find((it) => typeof it === 'string' && fs.existsSync(it));
  return named ? ['--env-file', named] : [];
}

function variables(config) {
  const list = NATIVE.includes(config.type) ? (config.environment ?? []).map(({ name, value }) => [name, value]) : [];
  const all = { ...config.env, ...Object.fromEntries(list) };
  // `null` takes a variable out.
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, value ?? undefined]));
}

function withValues(server, config, values, options) {
  const names = Object.keys(values);
  if (NATIVE.includes(config.type)) {
    const others = (config.environment ?? []).filter(({ name }) => !names.includes(name));
    return { ...config, environment: [...others, ...names.map((name) => ({ name, value: values[name] }))] };
  }
  if (NODE.includes(config.type) && ['integratedTerminal', 'externalTerminal'].includes(config.console)) {
    // VS Code would type the variables into the terminal, for everybody to read.
    const only = names.flatMap((name) => ['--only', name]);
    const program = [config.runtimeExecutable ?? 'node', ...(config.runtimeArgs ?? [])];
    return { ...config, runtimeExecutable: server, runtimeArgs: ['run', ...options, ...only, '--', ...program] };
  }
  return { ...config, env: { ...config.env, ...values } };
}

/** Debug sessions of every type: F5 works with references. */
function debugProvider({ server, trust, log }) {
  return {
    async resolveDebugConfigurationWithSubstitutedVariables(folder, config, token) {
      const cwd = folderOf(folder, config);
      if (config.request !== 'launch' || !vscode.workspace.isTrusted || !cwd) {
        return config;
      }
      try {
        const options = [...fileOf(config), ...trust()];
        const args = ['env', '--format', 'json', '--references', ...options];
        const values = await ask(server(), args, { cwd, env: { ...process.env, ...variables(config) } }, token);
        const names = Object.keys(values);
        if (names.length === 0) {
          return config;
        }
        log.info(`debugging with ${names.join(', ')} from their stores`);
        return withValues(server(), config, values, options);
      } catch (error) {
        if (!token.isCancellationRequested) {
          log.error(error.message);
          const detail = `${error.message}\n\nThe program was not started: it would have got the reference for the secret.`;
          await vscode.window.showErrorMessage('aikeys: a reference cannot be resolved', { modal: true, detail });
        }
        return undefined;
      }
    },
  };
}

function asTask({ server, trust }, definition, scope, name, matchers) {
  const { command, args = [], cwd, envFile } = definition;
  const file = envFile ? ['--env-file', envFile] : [];
  const execution = new vscode.ProcessExecution(server(), ['run', ...file, ...trust(), '--', command, ...args], { cwd });
  return new vscode.Task(definition, scope, name, 'aikeys', execution, matchers);
}

/** `{ "type": "aikeys-run", "command": "python", "args": ["app.py"] }` */
function taskProvider(parts) {
  return {
    provideTasks: () => [],
    resolveTask(task) {
      if (!task.definition.command || !vscode.workspace.isTrusted) {
        return undefined;
      }
      return asTask(parts, task.definition, task.scope ?? vscode.TaskScope.Workspace, task.name, task.problemMatchers);
    },
  };
}

// Words are kept together by quotes. No shell reads them: `$`, `*` and `|` are ordinary characters.
function words(line) {
  const found = line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g);
  return [...found].map(([word]) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single));
}

async function folderToRunIn() {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const active = vscode.window.activeTextEditor?.document.uri;
  const folder = active && vscode.workspace.getWorkspaceFolder(active);
  return folder ?? (folders.length > 1 ? vscode.window.showWorkspaceFolderPick() : folders[0]);
}

let last = '';

/** Asks for a command and starts it as a task would. */
async function runWithReferences(parts) {
  if (!vscode.workspace.isTrusted) {
    throw new Error('nothing is started in a folder that you do not trust');
  }
  const folder = await folderToRunIn();
  if (!folder) {
    throw new Error('open a folder first: the program gets the variables of its .env');
  }
  const line = await vscode.window.showInputBox({
    title: 'Run with References',
    prompt: `Started in ${folder.name} with the variables of .env, references resolved, without a shell`,
    placeHolder: 'python app.py',
    value: last,
    ignoreFocusOut: true,
  });
  const [command, ...args] = words(line ?? '');
  if (!command) {
    return;
  }
  last = line; // until the window closes: it may hold anything, so it is not stored
  const definition = { type: 'aikeys-run', command, args, cwd: folder.uri.fsPath };
  await vscode.tasks.executeTask(asTask(parts, definition, folder, command, []));
}

module.exports = { debugProvider, runWithReferences, taskProvider };
