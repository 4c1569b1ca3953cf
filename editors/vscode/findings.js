// What the server marked: counted, and noticed when it changes.

const vscode = require('vscode');

const OURS = 'aikeys';

function marksOf(uri) {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === OURS);
}

class Findings {
  #marks = new Map(); // the address of a file, what is marked in it
  #changed = new vscode.EventEmitter();

  onDidChange = this.#changed.event;

  constructor(subscriptions) {
    const note = (uris) => {
      const changed = uris.filter((uri) => this.#note(uri));
      if (changed.length > 0) {
        this.#changed.fire();
      }
    };
    subscriptions.push(this.#changed, vscode.languages.onDidChangeDiagnostics(({ uris }) => note(uris)));
    note(vscode.languages.getDiagnostics().map(([uri]) => uri));
  }

  get count() {
    return [...this.#marks.values()].reduce((sum, { length }) => sum + length, 0);
  }

  #note(uri) {
    const name = uri.toString();
    const marks = marksOf(uri).map(({ range, code, message }) => JSON.stringify([range, code, message]));
    const before = this.#marks.get(name) ?? [];
    if (marks.length > 0) {
      this.#marks.set(name, marks);
    } else {
      this.#marks.delete(name);
    }
    return before.join() !== marks.join();
  }
}

module.exports = { Findings };
