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

/** `{ "type": "aikeys-run", "command": "python", "args": ["app.py"] }` */
function taskProvider({ server, trust }) {
  return {
    provideTasks: () => [],
    resolveTask(task) {
      const { command, args = [], cwd, envFile } = task.definition;
      if (!command || !vscode.workspace.isTrusted) {
        return undefined;
      }
      const file = envFile ? ['--env-file', envFile] : [];
      const execution = new vscode.ProcessExecution(server(), ['run', ...file, ...trust(), '--', command, ...args], { cwd });
      const scope = task.scope ?? vscode.TaskScope.Workspace;
      return new vscode.Task(task.definition, scope, task.name, 'aikeys', execution, task.problemMatchers);
    },
  };
}

module.exports = { debugProvider, taskProvider };
